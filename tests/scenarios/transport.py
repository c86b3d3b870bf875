"""Probing and reporting: the schedule, confirmation probes, drifting clocks, and what happens to results on the way."""
import heapq
import math
from itertools import product

PROFILES = {  # skewed agents, late share, duplicate share, reordering s, ppm
    "clean": (0.0, .0005, 0.0, .05, 5),
    "usual": (.15, .003, .002, .5, 50),
    "messy": (.4, .10, .05, 3.0, 200),
}
COOL_DOWN = 20.0
WAIT = {"dns": 5.0, "dnsauth": 5.0, "smtp": 10.0, "imap": 10.0, "pop3": 10.0, "anchor": 10.0}


class Clock:
    """An agent's clock: constant skew, drift, and steps when something sets it."""

    def __init__(self, rng, profile, duration):
        skewed, _, _, _, ppm = PROFILES[profile]
        self.skew = rng.uniform(-90, 90) if rng.random() < skewed else rng.gauss(0, .3)
        self.rate = rng.uniform(-ppm, ppm) * 1e-6
        self.steps = []
        if rng.random() < skewed * .5:
            self.steps = [(rng.uniform(0, duration), rng.choice((-1, 1)) * rng.uniform(.5, 30))
                          for _ in range(rng.randint(1, 2))]

    def read(self, t):
        """What the clock shows at the true time t."""
        return t + self.skew + self.rate * t + sum(step for at, step in self.steps if at <= t)


class Fleet:
    """Runs one story's probes; `run` yields rows (recv, ts, agent, seq, cell, error, why, ms)."""

    def __init__(self, story):
        self.s, self.rng, self.world = story, story.rng, story.world
        self.profile = PROFILES[story.transport]
        self.clocks = {a: Clock(self.rng, story.transport, story.duration) for a in story.agents}
        self.lag = {a: self.rng.uniform(.03, .5) for a in story.agents}
        self.rt_wait = min(120.0, .6 * self.world.delivery_every)
        self.base_ms = {x: self.rng.lognormvariate(3.6, .5) for x in list(self.world.providers)}
        self.asked, self.queue, self.ticket = {}, [], 0
        self.routes = {}
        self.breakers = sorted(story.faults, key=lambda f: f.start)
        self.held = [f for f in self.breakers if f.buffer]
        self.liars = {}
        for agent, *lie in story.liars:
            self.liars.setdefault(agent, []).append(lie)

    # -------------------------------------------------------------- schedule
    def cells(self, agent, check, target):
        """The cells that a timer walks through in turn."""
        key = (agent, check, target)
        if key not in self.routes:
            self.routes[key] = [key + rest for rest in self._turns(agent, check, target)]
        return self.routes[key]

    def _turns(self, agent, check, target):
        if check in ("dns", "anchor"):
            return [("", -1)]
        provider = self.world.providers[target]
        if check == "dnsauth":
            return [(str(k), -1) for k in range(provider.ns)]
        site = provider.region_site[self.world.agents[agent].region]
        hosts = next(x.mx for x in provider.sites if x.id == site)
        if check == "smtp":
            return [(h, -1) for h in hosts]
        if check == "rt":
            return [(h, k) for k, h in product(range(provider.accounts), hosts)]
        return [(site, k) for k in range(provider.accounts)]

    def timers(self):
        """(agent, check, target, seconds between two) of every scheduled check."""
        every = self.world.interval
        for agent in self.world.agents:
            for target, provider in self.world.providers.items():
                checks = ("dns",) + (("dnsauth",) if self.world.direct_dns else ()) + ("smtp",) + provider.reads
                for check in checks:
                    yield agent, check, target, every
                yield agent, "rt", target, self.world.delivery_every
            for target in list(self.world.domains) + ["anchorzone"]:
                yield agent, "dns", target, every
            for target in self.world.anchors:
                yield agent, "anchor", target, every

    def schedule(self):
        """All scheduled probes in time order: (t, ticket, cell, why)."""
        rng, found, ticket = self.rng, [], 0
        jitter = rng.choice((.02, .06, .12))
        low, high = 1 - jitter, 1 + jitter
        for agent, check, target, every in self.timers():
            cells, turn = self.cells(agent, check, target), rng.randrange(12)
            t = self.s.births.get(agent, 0.0) + rng.random() * every
            while t < self.s.duration:
                found.append((t, ticket, cells[turn % len(cells)], "sched"))
                ticket += 1
                turn += 1
                t += every * rng.uniform(low, high)
        found.sort()
        self.ticket = ticket
        return found

    def merged(self):
        """Scheduled probes and, as they are asked for, confirmations, in time order."""
        queue = self.queue
        for probe in self.schedule():
            while queue and queue[0] < probe:
                yield heapq.heappop(queue)
            yield probe
        while queue:
            yield heapq.heappop(queue)

    # -------------------------------------------------------------- one probe
    def run(self):
        """All rows in order of arrival."""
        s, rng, rows = self.s, self.rng, []
        components, active, next_change = s.crossing.components, [], 0.0
        edges = sorted({x for f in self.breakers for x in (f.start, f.end)} | {0.0, math.inf})
        edge = 0
        for t, _, cell, why in self.merged():
            if t >= next_change:
                while edges[edge] <= t:
                    edge += 1
                next_change = edges[edge]
                active = [f for f in self.breakers if f.start <= t < f.end]
            quiet = s.silent.get(cell[0])
            if quiet and quiet[0] <= t < quiet[1] or t < s.births.get(cell[0], 0.0):
                continue
            error = self._outcome(cell, components(cell), t, active)
            done, ms = self._took(cell, t, error)
            recv = self._arrives(cell, done)
            rows.append((done, recv, cell, error, why, ms))
            if error and why == "sched" and s.confirm and recv < done + 30:
                self._confirm(cell, recv)
        return self._report(rows)

    def _outcome(self, cell, components, t, active):
        """What the agent reports: an error code, or None."""
        error, cause = None, None
        for fault in active:
            error = fault.code(cell, components, t, self.rng)
            if error:
                cause = fault
                break
        error = error or self.s.noise.code(cell, t, self.rng)
        if cell[0] in self.liars:
            error = self._lied(cell, t, error)
        if error and cause:
            cause.seen_by(cell[0])
        return error

    def _lied(self, cell, t, error):
        for start, end, codes, share, provider, checks in self.liars[cell[0]]:
            if start <= t < end and (not checks or cell[1] in checks) and provider in (None, cell[2]):
                if self.rng.random() < share:
                    error = self.rng.choice(codes)
        return error

    def _took(self, cell, t, error):
        """When the probe is done, and the latency it measured."""
        rng = self.rng
        if error == "not_delivered":
            took = self.rt_wait
        elif error in ("timeout", "dns_timeout"):
            took = WAIT.get(cell[1], 10.0)
        else:
            took = self.base_ms.get(cell[2], 20.0) * rng.lognormvariate(0, .5) / 1000
            if cell[1] == "rt" and not error:
                took = min(.9 * self.rt_wait, took + rng.lognormvariate(1.3, .7))
        return t + took, 1000 * took

    def _arrives(self, cell, done):
        rng, agent = self.rng, cell[0]
        _, late, _, reorder, _ = self.profile
        recv = done + self.lag[agent] + rng.random() * reorder
        if rng.random() < late:
            recv += rng.expovariate(1 / 60)
        for held, start, end in self.s.stuck:
            if held == agent and start <= done < end:
                recv = max(recv, end + rng.uniform(1, 30))
        for fault in self.held:
            if fault.start <= done < fault.end and fault.component in self.s.crossing.components(cell)[:2]:
                recv = max(recv, fault.end + rng.uniform(1, 30))
        return recv

    # -------------------------------------------------------------- confirmation
    def _push(self, t, cell):
        self.ticket += 1
        heapq.heappush(self.queue, (t, self.ticket, cell, "confirm"))

    def _confirm(self, cell, now):
        """The same agent again, three agents elsewhere at the same endpoint, and an anchor."""
        agent, check, target, endpoint, acct = cell
        if now < self.asked.get((check, target), -COOL_DOWN) + COOL_DOWN:
            return
        self.asked[check, target] = now
        rng = self.rng
        self._push(now + rng.uniform(.5, 3), cell)
        for other in self._elsewhere(agent):
            there = (other, check, target, endpoint, acct)
            provider = self.world.providers.get(target)
            if provider and provider.anycast and check not in ("dns", "dnsauth"):
                there = rng.choice(self.cells(other, check, target))
            self._push(now + rng.uniform(2, 5), there)
        self._push(now + rng.uniform(.5, 3), (agent, "anchor", rng.choice(self.world.anchors), "", -1))

    def _elsewhere(self, agent):
        """Three agents of other regions, in different ones as far as there are."""
        region_of = {a.id: a.region for a in self.world.agents.values()}
        pool = [a for a in region_of if region_of[a] != region_of[agent]]
        self.rng.shuffle(pool)
        seen, first, rest = set(), [], []
        for other in pool:
            (rest if region_of[other] in seen else first).append(other)
            seen.add(region_of[other])
        return (first + rest)[:3]

    # -------------------------------------------------------------- reporting
    def _report(self, rows):
        """Numbers, timestamps and duplicates; the collector sees the rows in order of arrival."""
        rng, duplicate = self.rng, self.profile[2]
        rows.sort(key=lambda row: row[0])
        numbers, sent = dict.fromkeys(self.world.agents, 0), []
        for done, recv, cell, error, why, ms in rows:
            agent = cell[0]
            numbers[agent] += 1
            row = (recv, self.clocks[agent].read(done), agent, numbers[agent], cell, error, why, ms)
            sent.append(row)
            if rng.random() < duplicate:
                sent.append((recv + rng.uniform(.1, 30),) + row[1:])
        last = self.s.duration + 60
        return sorted((row for row in sent if row[0] < last), key=lambda row: row[0])
