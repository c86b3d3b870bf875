// app.js: draws the board. Reads /api/v1, decides nothing; every text goes in as text, never as markup.
'use strict';

const REFRESH_MS = 2000;
const STALE_MS = 15000;
const ORDER = ['roundtrip', 'smtp.mx', 'smtp.submit', 'imap.access', 'pop3.access', 'dns.mx']; // what breaks mail first
const LOSS = {none: 'no mail is lost', queued: 'mail waits in queues', rejected: 'mail is rejected', at_risk: 'mail is at risk', accessible: 'nothing can be handed in'};
const MOST_TARGETS = 12;
let lastGood = 0;

// Kinds that are not of the usual order come after it.
function place(kind) { return ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length; }

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

function cellNode(cell) {
  const word = {healthy: 'ok', failing: 'FAIL', masked: 'masked', unknown: '–'}[cell.state];
  const title = [cell.detail, cell.last_seen ? 'last seen ' + ago(cell.last_seen) : 'never seen'].filter(Boolean).join(' · ');
  const td = element('td', {title}, element('span', {class: 'cell ' + cell.state}, word));
  if (cell.state === 'failing') td.append(element('span', {class: 'why'}, ...breakable(cell.class || '')));
  return td;
}

function matrix(board) {
  if (!board.targets.length) return none('No targets are configured.');
  const table = element('table', {});
  table.append(element('tr', {}, element('th', {}, 'Check'), ...board.regions.map(r => element('th', {scope: 'col'}, r))));
  for (const target of board.targets) {
    table.append(element('tr', {}, element('th', {class: 'target', colspan: board.regions.length + 1, scope: 'rowgroup'},
      target.target, target.provider !== target.target ? element('span', {class: 'why'}, target.provider) : '')));
    const kinds = [...new Set(target.cells.map(c => c.kind))].sort((a, b) => place(a) - place(b));
    for (const kind of kinds) {
      const row = element('tr', {}, element('th', {scope: 'row'}, kind));
      for (const region of board.regions) {
        const cell = target.cells.find(c => c.kind === kind && c.region === region);
        row.append(cell ? cellNode(cell) : element('td', {}));
      }
      table.append(row);
    }
  }
  if (!board.regions.length) return none('No agent has connected yet.');
  return element('div', {class: 'scroll'}, table);
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
      element('td', {}, agent.resolver), element('td', {}, String(agent.spooled)), element('td', {class: 'problems'}, agent.problems.join('; '))));
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

// Replaces a section only when its content changed, and keeps what the reader had unfolded.
function show(id, node) {
  const place = document.getElementById(id);
  const open = new Set([...place.querySelectorAll('details[open]')].map(d => d.parentNode.id));
  for (const details of node.querySelectorAll ? node.querySelectorAll('details') : []) {
    if (open.has(details.parentNode.id)) details.open = true;
  }
  place.replaceChildren(node);
}

function list(incidents, empty) {
  if (!incidents.length) return none(empty);
  return element('div', {}, ...incidents.map(incidentNode));
}

async function refresh() {
  try {
    const [board, all] = await Promise.all(['/api/v1/board', '/api/v1/incidents?limit=20'].map(async path => {
      const answer = await fetch(path);
      if (!answer.ok) throw new Error(path + ' answered ' + answer.status);
      return answer.json();
    }));
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
  setTimeout(refresh, REFRESH_MS);
}

refresh();
