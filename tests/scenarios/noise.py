"""Noise that is nobody's fault: base rates, tides, bursts, blips, gusts and greylisting.

None of it stands in the truth; whatever pages for it is a false page.
"""
import math

from faults import MAIL, Fault, draw

USUAL = {
    "dns": {"dns_timeout": 80, "servfail": 15, "nxdomain": 1},
    "dnsauth": {"dns_timeout": 85, "servfail": 9, "refused": 2},
    "smtp": {"timeout": 55, "reset": 14, "refused": 5, "temp4xx": 20, "tls_other": 3, "policy": 1},
    "imap": {"timeout": 65, "reset": 18, "refused": 5, "temp4xx": 6, "tls_other": 3, "auth": 1},
    "pop3": {"timeout": 62, "reset": 20, "refused": 6, "temp4xx": 6, "tls_other": 3, "auth": 1},
    "rt": {"not_delivered": 45, "timeout": 30, "reset": 8, "temp4xx": 12, "refused": 2, "policy": 1, "auth": .5},
    "anchor": {"timeout": 85, "reset": 10, "refused": 5},
}


class Noise:
    """Random failure rates by agent and target, moved by a tide over the day and a faster one."""

    def __init__(self, rng, world, level=1.0):
        self.mix = {check: {code: w * rng.uniform(.4, 2) for code, w in mix.items()} for check, mix in USUAL.items()}
        self.by_agent = {a: level * min(.03, rng.lognormvariate(math.log(.003), .9)) for a in world.agents}
        targets = list(world.providers) + list(world.domains) + list(world.anchors) + ["anchorzone"]
        self.by_target = {x: level * rng.choice((0, 0, 0, .002, .005, .01)) for x in targets}
        self.phase, self.fast_phase = rng.uniform(0, 6.28), rng.uniform(0, 6.28)
        self.depth, self.fast_depth = rng.uniform(.2, .8), rng.uniform(0, .5)
        self.fast_period = rng.uniform(1500, 5400)

    def tide(self, t):
        """The factor on all rates now."""
        day = 1 + self.depth * math.sin(t / 13751. + self.phase)
        return day * (1 + self.fast_depth * math.sin(6.2832 * t / self.fast_period + self.fast_phase))

    def code(self, cell, t, rng):
        """The error of a random failure, or None."""
        rate = self.by_agent[cell[0]] + self.by_target.get(cell[2], 0)
        if rng.random() < 2.6 * rate and rng.random() < self.tide(t) / 2.6:
            return draw(rng, self.mix[cell[1]])
        return None


def _disturbance(noise, start, length, share, gate):
    return Fault(None, start, start + length, share, noise.mix, gate=gate, hidden=True)


def usual_bursts(rng, world, noise, duration, busy=1.0):
    """Short bad times of one agent, one target or the whole fleet, as every fleet has them."""
    agents, found = list(world.agents), []
    for _ in range(int(busy * len(agents) * duration / 3600 * .6 + rng.random())):
        agent = rng.choice(agents)
        found.append(_disturbance(noise, rng.uniform(0, duration), rng.uniform(4, 40), rng.uniform(.4, 1),
                                  lambda cell, t, a=agent: cell[0] == a))
    for _ in range(int(busy * len(world.providers) * duration / 3600 * .5 + rng.random())):
        target = rng.choice(list(world.providers))
        found.append(_disturbance(noise, rng.uniform(0, duration), rng.uniform(5, 20), rng.uniform(.1, .4),
                                  lambda cell, t, x=target: cell[2] == x))
    for _ in range(int(busy * duration / 3600 + rng.random())):
        found.append(_disturbance(noise, rng.uniform(0, duration), rng.uniform(30, 120), rng.uniform(.02, .06),
                                  lambda cell, t: True))
    return found


def blips(rng, world, noise, duration):
    """Two to ten seconds of trouble at one service of a provider, seen by all who ask just then."""
    found = []
    for _ in range(rng.randint(5, 9)):
        provider, checks = rng.choice(list(world.providers)), rng.choice((("smtp", "rt"), MAIL, ("imap", "pop3")))
        found.append(_disturbance(noise, rng.uniform(300, duration - 60), rng.uniform(2, 10), rng.uniform(.3, 1),
                                  lambda cell, t, p=provider, c=checks: cell[2] == p and cell[1] in c))
    return found


def gusts(rng, world, noise, duration):
    """Five to twenty seconds in which several agents fail at once, at everything or at one provider."""
    found, agents = [], list(world.agents)
    for _ in range(rng.randint(4, 8)):
        hit = frozenset(rng.sample(agents, max(2, int(len(agents) * rng.uniform(.25, .7)))))
        target = rng.choice((None, rng.choice(list(world.providers))))
        found.append(_disturbance(noise, rng.uniform(300, duration - 60), rng.uniform(5, 20), rng.uniform(.5, 1),
                                  lambda cell, t, h=hit, x=target: cell[0] in h and x in (None, cell[2])))
    return found


def greylisting(rng, world, births, duration):
    """Providers that turn new senders away for their first minutes."""
    until = {}
    for provider in world.providers:
        if rng.random() < .7:
            for agent, birth in births.items():
                until[agent, provider] = birth + rng.uniform(300, 600)
    start = min(births.values())
    end = min(duration, max(until.values(), default=start))
    return Fault(None, start, end, rng.uniform(.7, 1), dict.fromkeys(("smtp", "rt"), {"temp4xx": 1}),
                 gate=lambda cell, t: t < until.get((cell[0], cell[2]), 0), hidden=True)
