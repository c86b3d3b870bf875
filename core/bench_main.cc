// Prototype harness: replay of a scenario through the core.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <algorithm>
#include <simdjson.h>
#include "attribution.h"
using namespace postwatch::collector;
using postwatch::ComponentRef;
namespace sj = simdjson;

struct Provider { std::string id, hoster; std::map<std::string,std::pair<std::string,std::string>> mx; std::map<std::string,std::string> site_dc; bool anycast=false, dnsbl=false; };
struct Agent { std::string id, region, isp, resolver; AgentId n; };

struct Params { double span=25, gain=7.5, odds=3.5, amb_wait=150, amb_odds=1.0; } P;

struct Inc {
  std::string id; ComponentId comp; Kind kind; bool alert=false; double opened, start, end=0, closed=0, conf=0, share=.95, R=0, last=0;
  std::set<CellId> cells; std::set<AgentId> agents; std::vector<Rival> rivals; size_t nfail=0; ComponentId confof=~0u; double gain=0;
};

class Engine {
 public:
  Catalog cat; Suspicions sus{cat}; Noise noise; std::vector<Inc> open, done; int n=0; double next=0, lastmap=0; bool dirty=false; double interval=60, window=1800;
  std::map<ComponentId,double> pending; size_t nnew=0;
  std::vector<std::vector<std::set<Family>>> x;
  void Emit(const char* ev, const Inc& i, double now) {
    const auto& r=cat.Ref(i.comp);
    printf("{\"type\":\"incident\",\"event\":\"%s\",\"id\":\"%s\",\"at\":%.3f,\"component\":\"%s\",\"class\":\"%s\",\"level\":\"%s\",\"alert\":%s,\"start_est\":%.3f,\"end_est\":%s,\"confidence\":%.4f,\"severity_est\":%.2f,\"evidence\":{\"n_fail\":%zu,\"n_agents\":%zu,\"gain\":%.2f},\"alternatives\":[",
      ev,i.id.c_str(),now,r.Text().c_str(),std::string(FaultName(i.kind)).c_str(),IsReal(i.kind)?"real":"local",i.alert?"true":"false",i.start,i.closed?std::to_string(i.end).c_str():"null",i.conf,i.share,i.nfail,i.agents.size(),i.gain);
    for(size_t k=0;k<i.rivals.size()&&k<3;++k) printf("%s{\"component\":\"%s\",\"confidence\":%.4f}",k?",":"",cat.Ref(i.rivals[k].id).Text().c_str(),i.rivals[k].gain);
    printf("]}\n");
  }
  bool Covers(const Inc& i, const Reading& r) { return cat.Crosses(r.route,i.comp) && CanCause(i.kind,r.plane,r.family); }
  void Take(Reading r) {
    if (r.received>=next) { Step(r.received); next=r.received+2; }
    if(!r.failed()) {
      noise.Count(r.agent,r.target,false);
      for(Inc& i: open) if(cat.Crosses(r.route,i.comp) && r.ended>i.start && (i.cells.contains(r.cell)||i.agents.contains(r.agent))) i.R -= std::log(1-.9*std::min(i.share,.95));
      sus.Take(r,0); return;
    }
    for(auto it=done.rbegin(); it!=done.rend() && it-done.rbegin()<12; ++it) {
      if(r.received-it->closed<400 && Covers(*it,r) && r.began>=it->start-60 && r.began<=it->end+10) return;
    }
    double b=noise.RateOf(r.agent,r.target)*NoiseMix(r.plane,r.family);
    if(r.newcomer) b=std::max(b,0.3);
    bool covered=false;
    for(Inc& i: open) if(Covers(i,r)) {
      covered=true; double e=Expected(i.kind,r.plane,r.family);
      i.R=std::max(0.,i.R-std::log(1-i.share+i.share*std::max(e,.3)/b)); i.last=std::max(i.last,r.ended); i.cells.insert(r.cell); i.agents.insert(r.agent);
    }
    if(!covered && !r.newcomer) noise.Count(r.agent,r.target,true);
    sus.Take(r,b); dirty=true; ++nnew;
  }
  void Step(double now) {
    for(size_t k=0;k<open.size();) { if(open[k].R>8 && now-open[k].last>45) Close(k,now); else ++k; }
    if (now-lastexp>60) { sus.Expire(now-window); lastexp=now; }
    sus.CatchUp();
    if(!dirty && !(pending.size() && now-lastmap>10)) return;
    if(nnew*20<sus.end_failure()-sus.first_failure() && now-lastmap<10) return;
    dirty=false; nnew=0; lastmap=now;
    Known known; for(Inc& i: open) known.open.insert(i.comp);
    Reconcile(Attribute(cat,sus,known),now);
  }
  double lastexp=0;
  bool Decide(const Suspect& s,double now) {
    if(!IsReal(s.kind)) return s.gain>=4 && s.failures.size()>=3;
    std::set<AgentId> agents; std::set<std::string> nets; double b0=1e18,b1=0; size_t named=0;
    for(FailureId f: s.failures) { const Reading& r=sus.Failure(f).reading; agents.insert(r.agent); nets.insert(cat.AgentOf(r.agent).network); b0=std::min(b0,r.began); b1=std::max(b1,r.began); if(NamesItsCause(r.family)) ++named; }
    bool naming = named*2>s.failures.size();
    if(IsOfOneAgent(s.kind)) { return s.gain>=8 && s.failures.size()>=4 && b1-b0>=60; }
    if(agents.size()<2||nets.size()<2||s.failures.size()<3) return false;
    if(s.bounded<P.gain) return false;
    if(b1-b0 < (naming?5:P.span)) return false;
    if(s.odds>=P.odds) return true;
    if(s.odds<P.amb_odds) return false;
    auto [it,added]=pending.try_emplace(s.id,now); still.insert(s.id);
    return now-it->second>P.amb_wait;
  }
  std::set<ComponentId> still;
  void Reconcile(const std::vector<Suspect>& S,double now) {
    std::set<ComponentId> inmap; for(auto&s:S) inmap.insert(s.id); still.clear();
    for(const Suspect& s: S) {
      Inc* inc=nullptr; for(Inc&i:open) if(i.comp==s.id) inc=&i;
      if(inc) { Refresh(*inc,s); continue; }
      if(!Decide(s,now)) continue;
      bool real=IsReal(s.kind);
      const char* ev="open";
      // taking over
      for(Inc& o: open) {
        size_t of=0, both=0, cross=0;
        std::set<FailureId> mine(s.failures.begin(),s.failures.end());
        for(FailureId f=sus.first_failure();f<sus.end_failure();++f){ const auto&t=sus.Failure(f); if(!Covers(o,t.reading)||t.reading.began<o.start-15) continue; ++of; if(mine.contains(f)) ++both; }
        for(FailureId f: s.failures) if(cat.Crosses(sus.Failure(f).reading.route,o.comp)) ++cross;
        bool takes = !inmap.contains(o.comp) && of && both*2>=of;
        bool joins = real && o.alert && cross*10>=s.failures.size()*3;
        if(!takes && !joins) continue;
        if(!real && IsReal(o.kind)) { inc=&o; ev=nullptr; break; }
        inc=&o; ev="update";
        if(!takes && inmap.contains(o.comp)) ev=nullptr;  // a child of it
        break;
      }
      if(inc&&!ev) continue;
      if(!inc) for(size_t k=done.size();k-->0;) if(done[k].comp==s.id && now-done[k].closed<1200) { open.push_back(done[k]); done.erase(done.begin()+k); inc=&open.back(); ev="update"; break; }
      if(!inc) { open.push_back({}); inc=&open.back(); inc->id="I"+std::to_string(++n); inc->opened=now; inc->start=s.began; }
      inc->comp=s.id; inc->kind=s.kind; if(real) inc->alert=true; inc->closed=0; inc->R=0; inc->start=std::min(inc->start,s.began);
      Refresh(*inc,s); Emit(ev,*inc,now);
    }
    std::erase_if(pending,[&](auto&p){return !still.contains(p.first);});
  }
  void Refresh(Inc& i,const Suspect& s) {
    i.share=s.fit.share; if(s.confidence>=i.conf||s.id!=i.confof){ i.conf=s.confidence; i.confof=s.id; } i.rivals=s.rivals; i.nfail=s.failures.size(); i.gain=s.gain;
    for(FailureId f: s.failures){ const Reading&r=sus.Failure(f).reading; i.cells.insert(r.cell); i.agents.insert(r.agent); i.last=std::max(i.last,r.ended);} }
  void Close(size_t k,double now) {
    Inc i=open[k]; open.erase(open.begin()+k); i.end=i.last; i.closed=now;
    std::vector<FailureId> over; for(FailureId f=sus.first_failure();f<sus.end_failure();++f){ const auto&t=sus.Failure(f); if(!t.settled&&Covers(i,t.reading)&&t.reading.ended>=i.start-1) over.push_back(f); }
    sus.Settle(over); Emit("close",i,now); done.push_back(i);
  }
};

int main(int argc,char**argv) {
  for(int a=2;a<argc;++a){ std::string s=argv[a]; auto e=s.find('='); double v=std::stod(s.substr(e+1)); s=s.substr(0,e); if(s=="span")P.span=v; if(s=="gain")P.gain=v; if(s=="odds")P.odds=v; if(s=="amb")P.amb_wait=v; if(s=="ambodds")P.amb_odds=v; }
  Engine e; std::unordered_map<std::string,Agent> agents; std::map<std::string,Provider> provs; std::map<std::string,std::pair<std::string,std::string>> doms; std::set<std::string> anchors;
  std::unordered_map<std::string,Family> errs{{"timeout",Family::kSilent},{"refused",Family::kRefused},{"reset",Family::kReset},{"dns_timeout",Family::kLookupSilent},{"servfail",Family::kLookupFailed},{"nxdomain",Family::kRecords},{"tls_expired",Family::kCertificate},{"tls_other",Family::kTls},{"auth",Family::kLogin},{"quota",Family::kMailbox},{"policy",Family::kReputation},{"temp4xx",Family::kServer},{"not_delivered",Family::kDelivery}};
  struct CellEntry { CellId id; RouteId route; Plane plane; TargetId target; AgentId agent; bool letter; double firstseen=-1; bool passed=false; };
  std::unordered_map<std::string,CellEntry> cells; std::unordered_map<std::string,std::set<int64_t>> seen; std::unordered_map<std::string,double> off; std::unordered_map<std::string,double> firstpass;
  sj::ondemand::parser parser; std::ifstream in(argv[1]); std::string line; double now=0;
  std::unordered_map<std::string,std::pair<double,bool>> acquaint; // agent|target
  while(std::getline(in,line)) {
    sj::padded_string js(line); auto d=parser.iterate(js); std::string_view type; if(d["type"].get(type)) continue;
    if(type=="topology") { d.rewind();
      double iv=60; d.rewind(); if(!d["interval_s"].get(iv)) {} e.interval=iv; e.window=std::max(1800.,iv*15);
      d.rewind(); for(auto a: d["agents"].get_array()) { std::string_view id,rg,isp,rs; (void)a["id"].get(id);(void)a["region"].get(rg);(void)a["isp"].get(isp);(void)a["resolver"].get(rs); Agent g{std::string(id),std::string(rg),std::string(isp),std::string(rs),0}; g.n=e.cat.Agent({g.id,g.region,g.isp}); agents[g.id]=g; }
      d.rewind(); for(auto p: d["providers"].get_array()) { Provider q; std::string_view s; (void)p["id"].get(s); q.id=s; 
        for(auto st: p["sites"].get_array()) { std::string_view sid,dc; (void)st["id"].get(sid); (void)st["dc"].get(dc); std::string S(sid),D(dc); q.site_dc[S]=D; for(auto m: st["mx"].get_array()) { std::string_view mm; (void)m.get(mm); q.mx[std::string(mm)]={S,D}; } }
        (void)p["anycast"].get(q.anycast); std::string_view h; if(!p["dns_hoster"].get(h)) q.hoster=h; (void)p["uses_dnsbl"].get(q.dnsbl); provs[q.id]=q; }
      d.rewind(); for(auto m: d["domains"].get_array()) { std::string_view i,p,h; (void)m["id"].get(i);(void)m["provider"].get(p);(void)m["dns_hoster"].get(h); doms[std::string(i)]={std::string(p),std::string(h)}; }
      continue;
    }
    if(type!="result") continue;
    double recv=0,ts=0,ms=-1; std::string_view ag,chk,tgt,ep,err,why,oc; int64_t seq=0,acct=-1;
    d.rewind(); for(auto f: d.get_object()) { std::string_view k=f.unescaped_key(); auto v=f.value();
      if(k=="recv") (void)v.get(recv); else if(k=="ts")(void)v.get(ts); else if(k=="agent")(void)v.get(ag); else if(k=="seq")(void)v.get(seq); else if(k=="check")(void)v.get(chk); else if(k=="target")(void)v.get(tgt); else if(k=="endpoint")(void)v.get(ep); else if(k=="acct")(void)v.get(acct); else if(k=="why")(void)v.get(why); else if(k=="outcome")(void)v.get(oc); else if(k=="err")(void)v.get(err); else if(k=="ms")(void)v.get(ms); }
    std::string A(ag); if(!seen[A].insert(seq).second) continue;
    auto [o,fresh]=off.try_emplace(A,recv-ts); if(recv-ts<o->second) o->second=recv-ts;
    std::string key=A+"|"+std::string(chk)+"|"+std::string(tgt)+"|"+std::string(ep)+"|"+std::to_string(acct);
    auto [it,added]=cells.try_emplace(key);
    if(added) {
      CellEntry& c=it->second; c.id=cells.size(); const Agent& g=agents[A]; c.agent=g.n; std::string T(tgt),E(ep),C(chk); c.letter=C=="rt";
      c.plane=C=="anchor"?Plane::kControl:(C=="dns"||C=="dnsauth")?Plane::kNames:C=="rt"?Plane::kLetters:Plane::kMail;
      c.target=e.cat.Target(T); std::vector<ComponentId> cs; auto add=[&](const char*k,std::string nm){ if(!nm.empty()) cs.push_back(e.cat.Component({k,nm})); };
      add("agent",A); add("isp",g.isp);
      if(C=="anchor") add("anchor",T);
      else if(c.plane==Plane::kNames) {
        if(C=="dns") add("resolver",g.resolver);
        if(T!="anchorzone") { add("zone",T); std::string h=provs.contains(T)?provs[T].hoster:doms[T].second; add("hoster",h); if(provs.contains(T)) { if(h.rfind("self",0)==0) add("provider",T); if(C=="dnsauth") add("ns",T+"/"+E);} }
      } else {
        Provider& p=provs[T]; add("path",g.isp+">"+T); add("provider",T); std::string site=E,dc; if(p.mx.contains(E)) site=p.mx[E].first; if(p.site_dc.contains(site)) dc=p.site_dc[site]; add("site",site); add("dc",dc);
        if(C=="smtp"||C=="rt") { add("mx",E); add("svc",T+"/smtp"); add("cert",T+"/smtp"); add("listed",A+"@"+T); if(p.dnsbl) add("dnsbl",A); }
        if(C=="imap"||C=="pop3"||C=="rt") { std::string s=C=="pop3"?"pop3":"imap"; add("svc",T+"/"+s); add("auth",T); add("acct",T+"/"+std::to_string(acct)); if(C!="rt") add("cert",T+"/"+s); }
        if(C=="rt") { add("mbox",T+"/"+std::to_string(acct)); add("queue",T); }
      }
      c.route=e.cat.Route(cs);
    }
    CellEntry& c=it->second; bool fail=oc=="fail"; Family fam=Family::kNone; if(fail){ auto x=errs.find(std::string(err)); fam=x==errs.end()?Family::kServer:x->second; }
    double t=ts+o->second; double took= ms>=0?ms/1000: !fail?0.3: fam==Family::kSilent?10: fam==Family::kLookupSilent?5: fam==Family::kDelivery?90:0.3;
    Reading r{.began=t-took,.ended=t,.received=recv,.agent=c.agent,.cell=c.id,.target=c.target,.route=c.route,.plane=c.plane,.family=fam,.confirmation=why=="confirm"};
    if(c.plane==Plane::kMail||c.plane==Plane::kLetters) { auto& q=acquaint[A+"|"+std::string(tgt)+(chk=="imap"||chk=="pop3"?"|a":"|s")]; if(q.first==0) q.first=t; if(!fail) q.second=true; r.newcomer = fam==Family::kServer && !q.second && t-q.first<900; }
    now=recv; e.Take(r);
  }
  e.Step(now+1);
}
