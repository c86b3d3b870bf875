cd /tmp/w3; mkdir -p core/o; F="-std=c++20 -O2 -DNDEBUG -Wall -Wextra -Wno-missing-field-initializers -I."
N=$(stat -c %Y collector/correlate/*.h collector/scenario/*.h collector/model/*.h common/model/*.h | sort -n | tail -1)
ls collector/correlate/*.cc collector/scenario/*.cc collector/model/*.cc common/model/*.cc common/base/{text,json,ids}.cc core/replay_main.cc | xargs -P2 -I{} sh -c 'o=core/o/$(echo {} | tr / _).o; [ -f $o ] && [ $(stat -c %Y $o) -ge '$N' ] && [ $o -nt {} ] || g++ '"$F"' -c {} -o $o 2>&1 | grep -E "error|warning" -A3 | head -20'
g++ core/o/*.o -lsimdjson -Wl,--start-group /usr/lib/x86_64-linux-gnu/libabsl_*.a -Wl,--end-group -lpthread -o core/replay 2>&1 | grep -v warning | head
