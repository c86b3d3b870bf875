"""The scenario categories of the second world: one short function each.

`CATEGORIES` maps a name to (function, needs); needs are minimum numbers the topology must have.
"""
import noise
from faults import CODES, DNS, MAIL, mixes_for, only_agents, only_code, ramp, staggered, waves

CATEGORIES = {}


def category(name, **need):
    """Registers a function that fills a story."""
    def register(fill):
        CATEGORIES[name] = (fill, need)
        return fill
    return register


# ------------------------------------------------------------------ nothing at all, or only noise
@category("quiet")
def quiet(s):
    pass


@category("noisy_day")
def noisy_day(s):
    s.noise.by_agent = {a: min(.05, 3 * p) for a, p in s.noise.by_agent.items()}
    s.bursts = 4.0


@category("blips")
def blips(s):
    s.faults += noise.blips(s.rng, s.world, s.noise, s.duration)


@category("gusts", agents=6)
def gusts(s):
    s.faults += noise.gusts(s.rng, s.world, s.noise, s.duration)


@category("newcomers", agents=4)
def newcomers(s):
    """A new fleet, or new agents in an old one, meets greylisting."""
    if s.rng.random() < .5:
        s.births = dict.fromkeys(s.agents, 0.0)
    else:
        some = s.rng.sample(s.agents, max(1, int(len(s.agents) * s.rng.uniform(.2, .6))))
        s.births = {a: s.rng.uniform(.3, .5) * s.duration for a in some[:1]}
        s.births.update((a, next(iter(s.births.values())) + s.rng.uniform(0, 90)) for a in some[1:])
    s.faults.append(noise.greylisting(s.rng, s.world, s.births, s.duration))


# ------------------------------------------------------------------ our own side
@category("agent_down")
def agent_down(s):
    s.add("agent:" + s.rng.choice(s.agents), buffer=s.rng.random() < .5)


@category("agent_partial")
def agent_partial(s):
    s.add("agent:" + s.rng.choice(s.agents), share=s.rng.uniform(.15, .6), length=s.length((8, 16), 900))


@category("agent_silent")
def agent_silent(s):
    for agent in s.rng.sample(s.agents, max(1, len(s.agents) // 3)):
        s.silent[agent] = (s.duration * s.rng.uniform(.3, .5), s.duration * s.rng.uniform(.6, .9))


@category("agent_backlog", agents=4)
def agent_backlog(s):
    """Uplinks break: some agents also fail meanwhile, others saw all well; all of it arrives late."""
    for agent in s.rng.sample(s.agents, s.rng.randint(2, max(2, len(s.agents) // 3))):
        if s.rng.random() < .6:
            s.add("agent:" + agent, buffer=True, start=s.duration * s.rng.uniform(.3, .34))
        else:
            start = s.onset()
            s.stuck.append((agent, start, start + s.length()))


@category("resolver_own")
def resolver_own(s):
    held = list(s.labels["resolver"].values())
    own = [x for x in held if held.count(x) == 1] or held
    s.add("resolver:" + s.rng.choice(own), share=s.rng.choice((1, .6, .4)))


@category("resolver_shared", agents=4)
def resolver_shared(s):
    s.add("resolver:" + s.label("resolver", True), share=s.rng.choice((1, .7, .3)))


@category("isp_down")
def isp_down(s):
    s.add("isp:" + s.label("isp", False), buffer=s.rng.random() < .3)


@category("isp_shared", agents=6)
def isp_shared(s):
    s.add("isp:" + s.label("isp", True), share=s.rng.choice((1, .7, .4)), buffer=s.rng.random() < .3)


@category("path", agents=4)
def path(s):
    s.add("path:%s>%s" % (s.label("isp", s.rng.random() < .5), s.provider().id))


@category("path_partial", agents=4)
def path_partial(s):
    s.add("path:%s>%s" % (s.label("isp", s.rng.random() < .5), s.provider().id), share=s.part())


@category("anchor_down")
def anchor_down(s):
    s.add("anchor:" + s.rng.choice(s.world.anchors))


@category("majority_local", agents=6, regions=3)
def majority_local(s):
    """More than half of the agents fail on their own at nearly the same time, each in its own way."""
    start = s.onset()
    for agent in s.rng.sample(s.agents, int(len(s.agents) * s.rng.uniform(.55, .85))):
        s.add("agent:" + agent, start=start + s.rng.uniform(0, 60), share=s.rng.choice((1, 1, .6)),
              buffer=s.rng.random() < .2)


@category("transit", agents=6, regions=3)
def transit(s):
    """Two to five networks lose one provider: something between them, not the provider."""
    networks = sorted(set(s.labels["isp"].values()))
    count = max(1, min(s.rng.randint(2, 5), len(networks) - 1))
    target, start, length, share = s.provider().id, s.onset(), s.length(), s.hard()
    mixes = mixes_for(s.rng, "path:")
    for network in s.rng.sample(networks, count):
        s.add("path:%s>%s" % (network, target), share, start, length, mixes=mixes, note="transit")


@category("liar_random", agents=4)
def liar_random(s):
    _liar(s, CODES, s.rng.uniform(.3, 1), None)


@category("liar_code_provider", agents=4, regions=2)
def liar_code_provider(s):
    _liar(s, (s.rng.choice(("tls_expired", "auth", "quota")),), 1.0, s.provider().id)


@category("liar_code_all", agents=4, regions=2)
def liar_code_all(s):
    _liar(s, (s.rng.choice(("tls_expired", "auth", "quota", "policy")),), s.rng.choice((1, .6)), None)


def _liar(s, codes, share, provider):
    """One agent's mail checks answer with these codes; the truth is that agent's own fault."""
    agent = s.rng.choice(s.agents)
    start = s.rng.choice((0.0, s.onset()))
    end = s.rng.choice((.96 * s.duration, start + s.length()))
    fault = s.add("agent:" + agent, 0.0, start, end - start, note="lies")
    fault.share_told = share
    s.lie(agent, start, fault.end, codes, share, provider, MAIL)


# ------------------------------------------------------------------ real faults, one by component kind
def _register_plain(of, make, need):
    def fill_hard(s):
        s.add(make(s))

    def fill_part(s):
        s.add(make(s), share=s.part(), length=s.length((8, 14), 900) if of not in ("queue", "mbox") else None)
    category(of, **need)(fill_hard)
    if of not in ("acct", "mbox", "listed", "dnsbl"):
        category(of + "_partial", **need)(fill_part)


_WIDE = {"agents": 4, "regions": 2}
_TWO_SITES = {"agents": 6, "regions": 2, "sites": 2}
_DIRECT = {"agents": 4, "direct_dns": True}
_MAKERS = {
    "mx": (lambda s: "mx:" + s.rng.choice(s.site().mx), _WIDE),
    "site": (lambda s: "site:" + s.site().id, _TWO_SITES),
    "svc": (lambda s: s.service(s.provider()), _WIDE),
    "provider": (lambda s: "provider:" + s.provider().id, _WIDE),
    "dc": (lambda s: "dc:" + s.site().dc, _WIDE),
    "zone": (lambda s: "zone:" + s.rng.choice(list(s.world.providers) + list(s.world.domains)), _WIDE),
    "ns": (lambda s: (lambda p: "ns:%s/%d" % (p.id, s.rng.randrange(p.ns)))(s.provider()), _DIRECT),
    "hoster": (lambda s: "hoster:" + s.label("hoster", True), _WIDE),
    "cert": (lambda s: s.real_component(s.provider(), ("cert",)), _WIDE),
    "auth": (lambda s: "auth:" + s.provider().id, _WIDE),
    "acct": (lambda s: (lambda p: "acct:%s/%d" % (p.id, s.rng.randrange(p.accounts)))(s.provider()), _WIDE),
    "mbox": (lambda s: (lambda p: "mbox:%s/%d" % (p.id, s.rng.randrange(p.accounts)))(s.provider()), _WIDE),
    "listed": (lambda s: "listed:%s@%s" % (s.rng.choice(s.agents), s.provider().id), _WIDE),
    "dnsbl": (lambda s: _dnsbl(s), dict(_WIDE, providers=3)),
    "queue": (lambda s: "queue:" + s.provider().id, _WIDE),
}


def _dnsbl(s):
    if not any(p.dnsbl for p in s.world.providers.values()):
        provider = s.provider()
        provider.dnsbl = s.crossing.uses_dnsbl[provider.id] = True
    return "dnsbl:" + s.rng.choice(s.agents)


for _kind, (_make, _need) in _MAKERS.items():
    _register_plain(_kind, _make, _need)


# ------------------------------------------------------------------ real faults that are hard to tell
@category("liar_ok", agents=6, regions=2)
def liar_ok(s):
    """A real outage while one or two agents report ok all along."""
    fault = s.add(s.real_component(s.provider(), ("site", "svc", "provider", "zone", "cert", "auth")))
    near = s.near(fault.component)
    for agent in s.rng.sample(near, min(s.rng.randint(1, 2), max(1, len(near) - 2))):
        s.lie(agent, 0.0, s.duration, (None,), 1.0, None, None)
    fault.note = "some agents claim that all is well"


@category("rejects", agents=4, regions=2)
def rejects(s):
    """A share of attempts is refused with a code that blames the sender or the mailbox, for everyone."""
    code = s.rng.choice(("policy", "auth", "quota"))
    s.add("svc:%s/smtp" % s.provider().id, s.rng.uniform(.2, .8), mixes=only_code(code, ("smtp", "rt")),
          length=s.length((7, 13), 900), note="rejects with " + code)


@category("odd_codes", agents=4, regions=2)
def odd_codes(s):
    """An outage that shows as one single code no signature expects of it."""
    code = s.rng.choice(("tls_other", "temp4xx", "reset"))
    s.add(s.real_component(s.provider(), ("svc", "site", "provider")), s.rng.choice((1, .9, .5)), code=code,
          note="only " + code)


@category("slow_ramp", agents=6, regions=2)
def slow_ramp(s):
    start, length = s.onset(), s.length((9, 15), 1500)
    grow = min(.8 * length, s.rng.uniform(600, 1200) + 2 * s.world.interval)
    component = s.real_component(s.provider(), ("svc", "site", "provider", "zone", "auth"))
    s.add(component, s.rng.uniform(.6, 1), start, length, shape=ramp(start, grow), note="ramp of %d s" % grow)


@category("waves", agents=6, regions=2)
def wave(s):
    """One fault that comes and goes every few minutes."""
    start, every = s.onset(), s.world.interval
    on = (max(90, every), max(240, 2.5 * every))
    shape, end = waves(s.rng, start, start + s.length((9, 15), 1200), on, (80, 400))
    s.add(s.real_component(s.provider(), ("svc", "site", "provider", "mx", "auth")), s.rng.choice((1, .9, .7)),
          start, end - start, shape=shape, note="waves")


@category("dns_stagger", agents=6, regions=2)
def dns_stagger(s):
    """Resolvers lose a zone or a hoster one by one, as their cached answers run out, and get it back so."""
    start, length, spread = s.onset(), s.length((9, 14), 1500), s.rng.uniform(300, 900)
    resolvers = sorted(set(s.labels["resolver"].values()))
    onset = {r: start + s.rng.uniform(0, spread) for r in resolvers}
    back = {r: start + length + s.rng.uniform(0, 180) for r in resolvers}
    component = s.rng.choice(("hoster:" + s.label("hoster", True), "zone:" + s.rng.choice(list(s.world.providers))))
    mixes = mixes_for(s.rng, component)
    if s.rng.random() < .4:
        mixes = {"dns": mixes["dns"]}
    s.add(component, s.hard(), start, length + 180, mixes=mixes, note="staggered over %d s" % spread,
          gate=staggered(onset, back, s.labels["resolver"]))


@category("sticky", agents=8, regions=3)
def sticky(s):
    """Front ends that fail for a fixed subset of agents, whatever network these are in."""
    provider = s.provider()
    component = s.real_component(provider, ("site", "svc", "provider"))
    pool = s.agents
    if component.startswith("site:"):
        pool = [a.id for a in s.world.agents.values() if provider.region_site[a.region] == component[5:]]
    some = s.rng.sample(pool, min(len(pool), max(3, int(len(pool) * s.rng.uniform(.3, .7)))))
    s.add(component, s.hard(), gate=only_agents(some), note="hits %d of %d agents" % (len(some), len(pool)))


@category("lost_roundtrips", agents=4, regions=2)
def lost_roundtrips(s):
    """Mail sent during a fault, and for a while after it, does not come back: one fault."""
    provider = s.provider()
    component = s.real_component(provider, ("svc", "site", "queue"))
    tail = s.rng.uniform(120, 420)
    fault = s.add(component, length=s.length((4, 8), 600, s.world.delivery_every / 2), tail=tail,
                  note="round trips are lost until %d s after it" % tail)
    lost = s.add(component, s.rng.uniform(.5, .95), fault.start, fault.end + tail - fault.start,
                 mixes=only_code("not_delivered", ("rt",)), hidden=True)
    lost.blames = fault


@category("nested", agents=6, regions=2, sites=2)
def nested(s):
    """A fault that grows from a host to its site to the whole provider: one fault, named by its last stage."""
    provider = s.provider(lambda p: len(p.sites) > 1)
    site = s.site(provider)
    steps = ["mx:" + s.rng.choice(site.mx), "site:" + site.id, "provider:" + provider.id]
    if s.rng.random() < .4:
        steps.pop(s.rng.randrange(2))
    start, gap = s.onset(), max(120, s.world.interval)
    times = [start]
    for _ in steps[1:]:
        times.append(times[-1] + s.rng.uniform(1, 2.5) * gap)
    s.add(steps[-1], s.rng.choice((1, 1, .9)), start, times[-1] - start + s.length((6, 10)),
          stages=list(zip(times, steps)), note="grows")


@category("silent+real", agents=6, regions=2)
def silent_real(s):
    fault = s.add(s.real_component(s.provider()))
    kept = s.rng.sample(s.near(fault.component), min(2, len(s.near(fault.component))))
    others = [a for a in s.agents if a not in kept]
    for agent in s.rng.sample(others, s.rng.randint(len(s.agents) // 4, len(s.agents) // 2)):
        s.silent[agent] = (fault.start + s.rng.uniform(-600, 200), fault.end + s.rng.uniform(0, 600))


@category("local+real", agents=6, regions=2)
def local_real(s):
    start = s.onset()
    for _ in range(s.rng.randint(1, 3)):
        s.add(s.local_component(), start=start + s.rng.uniform(-200, 200))
    s.add(s.real_component(s.provider()), start=start + s.rng.uniform(-200, 300))


@category("majority+real", agents=8, regions=3)
def majority_real(s):
    """More than half of the agents are broken when a provider fails for real."""
    majority_local(s)
    component = s.real_component(s.provider(), ("svc", "provider", "auth"))
    s.add(component, start=s.faults[0].start + s.rng.uniform(-60, 240))


@category("two_providers", agents=6, regions=2, providers=2)
def two_providers(s):
    start = s.onset()
    for name in s.rng.sample(list(s.world.providers), 2):
        s.add(s.real_component(s.world.providers[name]), start=start + s.rng.uniform(0, 240))


@category("two_at_one", agents=6, regions=2)
def two_at_one(s):
    """Two unrelated faults at one provider: two alerts are right."""
    provider, start = s.provider(), s.onset()
    read = s.rng.choice(provider.reads)
    host = "mx:" + s.rng.choice(s.site(provider).mx)
    pairs = (("cert:%s/%s" % (provider.id, read), host), ("auth:" + provider.id, host), ("zone:" + provider.id, host),
             ("cert:%s/smtp" % provider.id, "acct:%s/0" % provider.id),
             ("zone:" + provider.id, "svc:%s/%s" % (provider.id, read)))
    for component in s.rng.choice(pairs):
        s.add(component, start=start + s.rng.uniform(0, 200))


@category("short_real", agents=6, regions=2)
def short_real(s):
    s.add(s.real_component(s.provider(), ("mx", "site", "svc", "provider", "zone", "cert", "auth")),
          s.rng.choice((1, 1, .95)), length=s.rng.uniform(1.5, 3) * s.world.interval)


@category("weak_real", agents=6, regions=2)
def weak_real(s):
    s.add(s.real_component(s.provider(), ("svc", "provider", "site", "auth")), s.rng.uniform(.05, .15),
          length=s.length((14, 20), 1800))


@category("messy+real", agents=6, regions=2)
def messy_real(s):
    s.transport = "messy"
    s.add(s.real_component(s.provider()))


@category("ambiguous", agents=4, regions=2, sites=2)
def ambiguous(s):
    """A site that a single agent sees: the data cannot tell its fault from that agent's path."""
    provider = next(iter(s.world.providers.values()))
    agent = s.rng.choice(list(s.world.agents.values()))
    for other in s.world.agents.values():
        if other.region == agent.region and other is not agent:
            other.region = s.rng.choice([r for r in s.world.regions if r != agent.region])
    provider.anycast = True
    for region in s.world.regions:
        provider.region_site[region] = provider.sites[0 if region == agent.region else 1].id
    real = s.rng.random() < .5
    s.add("site:" + provider.sites[0].id if real else "path:%s>%s" % (agent.isp, provider.id), note="ambiguous")
