"""A scenario in the making: the world, its faults, and the choices that categories are written with."""
import random

import noise as noises
import topology
from crossing import Crossing
from faults import Fault, mixes_for, only_code


class Story:
    """Collects what happens in one scenario; see categories.py for who fills it."""

    def __init__(self, category, seed, need, plain=False):
        rng = self.rng = random.Random("%s/%d/second" % (category, seed))
        self.category, self.seed = category, seed
        self.world = topology.build(rng, plain, need)
        self.labels = topology.true_labels(self.world)
        self.told = topology.mislabel(rng, self.labels, .15)
        self.crossing = Crossing(topology.topology_line(self.world, self.labels))
        self.crossing.pop_only = {p.id for p in self.world.providers.values() if "imap" not in p.reads}
        self.duration = max(3600.0, 40 * self.world.interval)
        self.noise = noises.Noise(rng, self.world, rng.choice((.5, 1, 1, 2)))
        self.faults, self.silent, self.liars, self.births, self.stuck = [], {}, [], {}, []
        self.confirm = rng.random() < .8
        self.has_ms = rng.random() < .8
        self.transport = rng.choice(("clean", "usual", "usual", "messy"))
        self.bursts = 1.0

    # -------------------------------------------------------------- choices of place
    @property
    def agents(self):
        return list(self.world.agents)

    def provider(self, test=lambda p: True):
        """A provider that passes the test, or any if none does."""
        every = list(self.world.providers.values())
        return self.rng.choice([p for p in every if test(p)] or every)

    def used_sites(self, provider):
        """The provider's sites that serve at least two agents (or one, if none serves more)."""
        served = {}
        for agent in self.world.agents.values():
            site = provider.region_site[agent.region]
            served[site] = served.get(site, 0) + 1
        good = [s for s in provider.sites if served.get(s.id, 0) >= 2]
        return good or [s for s in provider.sites if s.id in served]

    def site(self, provider=None):
        return self.rng.choice(self.used_sites(provider or self.provider(lambda p: len(p.sites) > 1)))

    def near(self, component):
        """The agents whose own probes cross a host or a site; all agents for anything else."""
        site = self.crossing.site_of.get(component.split(":", 1)[1])
        if site is None:
            return self.agents
        served = {(p.region_site[r], r) for p in self.world.providers.values() for r in self.world.regions}
        return [a.id for a in self.world.agents.values() if (site, a.region) in served]

    def service(self, provider):
        return "svc:%s/%s" % (provider.id, self.rng.choice(("smtp",) + provider.reads))

    def label(self, of, shared):
        """A true label of that kind: one held by several when `shared`, else any."""
        held = list(self.labels[of].values())
        several = [x for x in held if held.count(x) > 1]
        return self.rng.choice(several if shared and several else held)

    # -------------------------------------------------------------- choices of time
    def length(self, rounds=(5, 11), least=480.0, every=None):
        """A length of so many check rounds, but never shorter than `least`."""
        every = every or self.world.interval
        low = max(least, rounds[0] * every)
        return self.rng.uniform(low, max(2.2 * least, rounds[1] * every))

    def onset(self):
        return self.rng.uniform(.22, .42) * self.duration

    def hard(self):
        return self.rng.choice((1, 1, 1, .97, .9, .8))

    def part(self):
        return self.rng.uniform(.25, .6)

    # -------------------------------------------------------------- what happens
    def add(self, component, share=None, start=None, length=None, code=None, mixes=None, **more):
        """One fault; times and error mix are drawn unless given."""
        start = self.onset() if start is None else start
        every = self.world.delivery_every if component.split(":")[0] in ("queue", "mbox") else None
        length = length or (self.length((3.5, 5), 900, every) if every else self.length())
        mixes = mixes or (only_code(code) if code else mixes_for(self.rng, component))
        fault = Fault(component, start, min(start + length, .96 * self.duration),
                      self.hard() if share is None else share, mixes, **more)
        self.faults.append(fault)
        return fault

    def real_component(self, provider, kinds=("mx", "site", "svc", "provider", "zone", "cert", "auth", "queue")):
        """Some component of this provider that can be at fault."""
        of, pid = self.rng.choice(kinds), provider.id
        if of in ("mx", "site"):
            site = self.site(provider)
            return "site:" + site.id if of == "site" else "mx:" + self.rng.choice(site.mx)
        if of == "svc":
            return self.service(provider)
        if of == "cert":
            return "cert:" + self.service(provider)[4:]
        return "%s:%s" % (of, pid)

    def local_component(self):
        """Some component on our side."""
        agent = self.rng.choice(list(self.world.agents.values()))
        return self.rng.choice(("agent:" + agent.id, "isp:" + agent.isp, "resolver:" + agent.resolver,
                                "path:%s>%s" % (agent.isp, self.provider().id)))

    def lie(self, agent, start, end, codes, share=1.0, provider=None, checks=None):
        """The agent reports these codes (None: ok) whatever it saw."""
        self.liars.append((agent, start, end, codes, share, provider, checks))

    def true_line(self):
        """The first line of the truth file; the true labels let a judge read a wrongly labelled world."""
        return {"type": "scenario", "v": 1, "category": self.category, "seed": self.seed,
                "duration_s": self.duration, "confirm": self.confirm, "world": "second",
                "transport": self.transport, "labels": self.labels}
