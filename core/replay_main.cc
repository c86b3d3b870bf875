#include <fstream>
#include <iostream>
#include "collector/correlate/correlator.h"
#include "collector/scenario/incident_lines.h"
#include "collector/scenario/scenario_reader.h"
using namespace postwatch::collector;
int main(int argc,char**argv){ (void)argc; std::ifstream in(argv[1]); std::string text; ScenarioReader reader; IncidentLines lines; std::unique_ptr<Correlator> c; ScenarioReader::Line kind; absl::Time now; long n=0;
 auto tell=[&](const Findings&f,absl::Time at){ for(auto&ch:f.changes){ auto l=lines.Tell(ch,at); if(!l.empty()) puts(l.c_str()); } };
 while(std::getline(in,text)){ ++n; auto st=reader.Read(text,kind); if(!st.ok()) { fprintf(stderr,"%ld: %s\n",n,std::string(st.message()).c_str()); continue; }
  if(kind==ScenarioReader::Line::kTopology) { CorrelatorOptions o; o.agent_silent_after=absl::InfiniteDuration(); o.evidence_window=std::max(absl::Minutes(30),reader.interval()*15); c=MakeCorrelator(o); }
  if(kind!=ScenarioReader::Line::kResult) continue;
  const Sighting& s=reader.sighting(); now=s.received; tell(c->Observe(s,now),now); }
 if(c) tell(c->Tick(now+absl::Seconds(1)),now+absl::Seconds(1)); }
