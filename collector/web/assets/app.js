// app.js: draws the board. Reads /api/v1, decides nothing; every text goes in as text, never as markup.
'use strict';

const REFRESH_MS = 2000;
const STALE_MS = 15000;
const FINDINGS_MS = 15000;
const LOSS = {none: 'no mail is lost', queued: 'mail waits in queues', rejected: 'mail is rejected', at_risk: 'mail is at risk', accessible: 'nothing can be handed in'};
const MOST_TARGETS = 12;
const MOST_FINDINGS = 1000; // the API's limit
const FEW_FINDINGS = 8; // so few are shown unfolded
const MOST_CALM = 20; // targets without trouble, until the reader wants them all
const chosen = new Map(); // target: which of its checks the reader wants to see, 'all' or 'none'
let everyTarget = false;
let lastGood = 0;

function element(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
  for (const child of children) node.append(child);
  return node;
}

function none(text) { return element('p', {class: 'none'}, text); }

function ago(iso) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 1000));
  if (seconds < 90) return seconds + ' s ago';
  if (seconds < 5400) return Math.round(seconds / 60) + ' min ago';
  if (seconds < 172800) return Math.round(seconds / 3600) + ' h ago';
  return Math.round(seconds / 86400) + ' days ago';
}

function length(from, to) {
  const seconds = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));
  return seconds < 120 ? seconds + ' s' : Math.round(seconds / 60) + ' min';
}

function percent(share) { return Math.round(share * 100) + ' %'; }

// A class may be broken behind its underscores where there is little room.
function breakable(name) {
  return name.split('_').flatMap((word, i) => i ? ['_', element('wbr', {}), word] : [word]);
}

// Whether there is nothing fresh to say because nothing could be tested; `detail` says why.
function stateOf(cell) { return cell.state === 'unknown' && cell.detail && cell.last_seen ? 'untested' : cell.state; }

function cellNode(cell) {
  const word = {healthy: 'ok', failing: 'FAIL', masked: 'masked', untested: 'untested', unknown: '–'}[stateOf(cell)];
  const title = [cell.detail, cell.last_seen ? 'last seen ' + ago(cell.last_seen) : 'never seen'].filter(Boolean).join(' · ');
  const td = element('td', {title}, element('span', {class: 'cell ' + cell.state}, word));
  if (cell.state === 'failing') td.append(element('span', {class: 'why'}, ...breakable(cell.class || '')));
  return td;
}

// "2 failing", "14 ok", "3 without a fresh word": the cells of a target.
function tally(cells) {
  const count = state => cells.filter(c => stateOf(c) === state).length;
  return [['failing', 'failing'], ['masked', 'masked'], ['healthy', 'ok'], ['untested', 'untested'], ['unknown', 'without a fresh word']]
    .filter(([state]) => count(state))
    .map(([state, word]) => element('span', {class: 'why' + (state === 'failing' ? ' bad' : '')}, `${count(state)} ${word}`));
}

function troubled(cells) { return cells.some(c => c && (c.state === 'failing' || c.state === 'masked')); }

// The checks of one target: a line, and below it a row a check: of all, of those in trouble, or none.
function targetRows(board, target) {
  const shown = chosen.get(target.target) || (board.targets.length === 1 ? 'all' : troubled(target.cells) ? 'trouble' : 'none');
  const body = element('tbody', {});
  const button = element('button', {type: 'button', 'aria-expanded': String(shown === 'all')}, target.target);
  button.addEventListener('click', () => {
    chosen.set(target.target, shown === 'all' ? 'none' : 'all');
    body.replaceWith(targetRows(board, target));
  });
  const head = element('th', {class: 'target', colspan: board.regions.length + 1, scope: 'rowgroup'}, button, ...tally(target.cells));
  if (target.provider !== target.target) head.append(element('span', {class: 'why'}, 'run by ' + target.provider));
  body.append(element('tr', {}, head));
  for (const {kind, leg} of shown === 'none' ? [] : board.kinds) {
    for (const check of new Set(target.cells.filter(c => c.kind === kind).map(c => c.check))) {
      const cells = board.regions.map(region => target.cells.find(c => c.check === check && c.region === region));
      if (shown === 'trouble' && !troubled(cells)) continue;
      const name = check.slice(check.lastIndexOf('/') + 1);
      body.append(element('tr', {}, element('th', {scope: 'row'}, name, element('span', {class: 'why leg'}, leg)),
        ...cells.map(cell => cell ? cellNode(cell) : element('td', {}))));
    }
  }
  return body;
}

function matrix(board) {
  if (!board.targets.length) return none('No targets are configured.');
  if (!board.regions.length) return none('No agent has connected yet.');
  const table = element('table', {}, element('thead', {}, element('tr', {}, element('th', {scope: 'col'}, 'Check'),
    ...board.regions.map(r => element('th', {scope: 'col'}, r)))));
  const calm = board.targets.filter(t => !troubled(t.cells));
  const targets = [...board.targets.filter(t => troubled(t.cells)), ...calm.slice(0, everyTarget ? calm.length : MOST_CALM)];
  table.append(...targets.map(target => targetRows(board, target)));
  const node = element('div', {class: 'scroll'}, table);
  if (targets.length < board.targets.length) {
    const button = element('button', {type: 'button', class: 'more'}, `and ${board.targets.length - targets.length} more without trouble`);
    button.addEventListener('click', () => { everyTarget = true; node.replaceWith(matrix(board)); });
    node.append(button);
  }
  return node;
}

// What regions say in the same words but for the address they asked is shown once.
function inOneVoice(seen) {
  const voices = [];
  for (const said of seen) {
    const words = said.detail.replace(/\d+(\.\d+){3}(:\d+)?|\[[0-9a-f:.]+\](:\d+)?/gi, '');
    const same = voices.find(v => v.words === words && !v.regions.some(r => said.regions.includes(r)));
    if (same) {
      same.regions.push(...said.regions);
      if (said.last_seen > same.last_seen) same.last_seen = said.last_seen;
    } else {
      voices.push({words, detail: said.detail, regions: [...said.regions], last_seen: said.last_seen});
    }
  }
  return voices;
}

function findingNode(finding) {
  const item = element('li', {}, element('strong', {}, finding.target), element('span', {class: 'why'}, finding.kind));
  for (const said of inOneVoice(finding.seen)) {
    item.append(element('div', {}, said.detail, element('span', {class: 'why'}, `${said.regions.sort().join(', ')} · ${ago(said.last_seen)}`)));
  }
  return item;
}

function fillFindings(list, group, findings) {
  const others = group.findings - findings.length;
  list.replaceChildren(...findings.map(findingNode), others > 0 ? element('li', {class: 'dim'}, `and ${others} more`) : '');
}

// The findings of one class; asks for those it was not given when it is unfolded.
function groupNode(group, given, few) {
  const details = element('details', few ? {open: ''} : {});
  const many = group.targets === 1 ? '1 target' : group.targets + ' targets';
  details.append(element('summary', {}, element('span', {class: 'tag ' + group.severity}, group.severity),
    element('strong', {}, group.class), ` ${group.meaning} `, element('span', {class: 'why'}, many)));
  details.append(element('p', {}, element('span', {class: 'dim'}, 'What to do: '), group.fix));
  const list = element('ul', {});
  details.append(list);
  fillFindings(list, group, given);
  if (given.length < group.findings) {
    details.addEventListener('toggle', async () => {
      if (!details.open) return;
      const answer = await get(`/api/v1/findings?class=${encodeURIComponent(group.class)}&limit=${MOST_FINDINGS}`);
      fillFindings(list, group, answer.findings);
    });
  }
  return element('article', {class: 'finding', id: 'finding-' + group.class}, details);
}

function findings(answer) {
  if (!answer.total) return none('None.');
  const node = element('div', {});
  for (const group of answer.classes) {
    node.append(groupNode(group, answer.findings.filter(f => f.class === group.class), answer.total <= FEW_FINDINGS));
  }
  if (!answer.complete) node.append(none('There are more than the collector keeps.'));
  return node;
}

function affected(incident) {
  const named = incident.targets.slice(0, MOST_TARGETS);
  const others = Math.max(incident.targets.length, incident.targets_hit || 0) - named.length;
  return named.join(', ') + (others > 0 ? ` and ${others} more` : '');
}

function incidentNode(incident) {
  const box = element('article', {class: `incident ${incident.level} ${incident.state}`, id: incident.id});
  const title = element('h3', {});
  title.append(element('span', {class: 'tag' + (incident.alerting ? ' paged' : '')}, incident.severity.toUpperCase()),
    element('span', {class: 'tag'}, incident.level.replace('_', ' ')),
    element('span', {class: 'tag' + (incident.alerting ? ' paged' : '')}, incident.alerting ? 'alert sent' : 'nobody paged'),
    incident.component + (incident.class === 'unspecified' ? '' : ': ' + incident.class));
  box.append(title, element('p', {}, incident.explanation));
  const time = incident.ended ? 'lasted ' + length(incident.started, incident.ended) + ', ended ' + ago(incident.ended) : 'since ' + ago(incident.started);
  box.append(element('p', {class: 'dim'}, `${time} · ${percent(incident.confidence)} sure · ${LOSS[incident.mail_loss] || incident.mail_loss} · ${incident.id}`));
  const more = element('details', {}, element('summary', {}, 'Evidence and alternatives'));
  more.append(element('p', {}, `${incident.evidence.failures} failures and ${incident.evidence.passes} passes; failing agents: ${incident.evidence.agents.join(', ') || 'none'}`));
  if (incident.targets.length) more.append(element('p', {}, 'Affected: ' + affected(incident)));
  for (const reply of incident.evidence.replies) more.append(element('p', {}, 'Reported: ', element('code', {}, reply)));
  for (const other of incident.alternatives) {
    more.append(element('p', {}, `Or ${other.component} (${percent(other.confidence)})${other.deciding ? '; told apart by ' + other.deciding : ''}`));
  }
  for (const note of incident.history) more.append(element('p', {class: 'dim'}, new Date(note.at).toLocaleTimeString() + ' ' + note.text));
  box.append(more);
  return box;
}

function agents(board) {
  if (!board.agents.length) return none('No agent has connected yet.');
  const table = element('table', {class: 'agents'}, element('tr', {},
    ...['Agent', 'State', 'Last heard', 'Region', 'Network', 'Resolver', 'Waiting', 'Problems'].map(t => element('th', {scope: 'col'}, t))));
  for (const agent of board.agents) {
    table.append(element('tr', {}, element('td', {}, agent.agent),
      element('td', {}, element('span', {class: 'cell ' + (agent.connected ? 'healthy' : 'unknown')}, agent.connected ? 'connected' : 'silent')),
      element('td', {}, ago(agent.last_heard)), element('td', {}, agent.region), element('td', {}, agent.network),
      element('td', {}, agent.resolver), element('td', {}, String(agent.spooled)), element('td', {class: 'problems'}, 
        [...agent.problems, ...(agent.cannot_run.length ? ['too old for: ' + agent.cannot_run.join(', ')] : [])].join('; '))));
  }
  return element('div', {class: 'scroll'}, table);
}

function summary(board) {
  const node = document.getElementById('summary');
  const real = board.incidents.filter(i => i.level === 'real').length;
  const local = board.incidents.length - real;
  const waiting = board.targets.some(t => t.cells.some(c => c.state === 'unknown' && !c.last_seen)) || !board.agents.length;
  node.className = real ? 'bad' : waiting ? '' : 'good';
  node.textContent = real ? `${real} outage${real > 1 ? 's' : ''}` : local ? 'Mail works; something of our own does not' :
    waiting ? 'Waiting for agents to report' : 'Mail works everywhere';
}

// Replaces a section, and keeps what the reader had unfolded.
function show(id, node) {
  const place = document.getElementById(id);
  const open = new Map([...place.querySelectorAll('details')].map(d => [d.parentNode.id, d.open]));
  for (const details of node.querySelectorAll('details')) {
    if (open.has(details.parentNode.id)) details.open = open.get(details.parentNode.id);
  }
  place.replaceChildren(node);
}

function list(incidents, empty) {
  if (!incidents.length) return none(empty);
  return element('div', {}, ...incidents.map(incidentNode));
}

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(path + ' answered ' + answer.status);
  return answer.json();
}

async function refresh() {
  const begun = Date.now();
  try {
    const [board, all] = await Promise.all(['/api/v1/board', '/api/v1/incidents?limit=20'].map(get));
    summary(board);
    show('incidents', list(board.incidents, 'None.'));
    show('matrix', matrix(board));
    show('agents', agents(board));
    show('past', list(all.incidents.filter(i => i.state === 'resolved'), 'None yet.'));
    lastGood = Date.now();
  } catch (error) {
    console.warn(error);
  }
  const fresh = document.getElementById('fresh');
  const stale = Date.now() - lastGood > STALE_MS;
  fresh.className = stale ? 'stale' : '';
  fresh.textContent = !lastGood ? 'The collector does not answer' : stale ? 'The collector has not answered for ' + Math.round((Date.now() - lastGood) / 1000) + ' s: what you see is old' : 'Updated ' + new Date(lastGood).toLocaleTimeString();
  // A large board takes its time; it is not asked for all the time.
  setTimeout(refresh, Math.max(REFRESH_MS, 5 * (Date.now() - begun)));
}

async function refreshFindings() {
  try {
    const answer = await get('/api/v1/findings');
    document.getElementById('findings-count').textContent = answer.total || '';
    show('findings', findings(answer));
  } catch (error) {
    console.warn(error);
  }
  setTimeout(refreshFindings, FINDINGS_MS);
}

refresh();
refreshFindings();
