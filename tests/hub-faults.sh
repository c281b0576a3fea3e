#!/usr/bin/env bash
# Lets four processes at once fetch one repository from a hub on loopback, kills each at a random moment with an even chance,
# and looks at what is there. tests/hub-faults.sh [ROUNDS [PROGRAM]]: 200 rounds; PROGRAM is a built cognito-eval.dll. Of each
# process that was not killed the end must be the folder of the snapshot, or a refusal in one line; of each round, the bytes of the
# repository, after one more fetch where none was left to end. Needs python3. Ends with 1 if any went wrong.
set -uo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-200} program=${2:-}
if [ -z "$program" ]; then
    dotnet build src/Cognito.Eval.Cli -c Release -v quiet --nologo >&2 || exit 1
    program=$PWD/src/Cognito.Eval.Cli/bin/Release/net10.0/cognito-eval.dll
fi
work=$(mktemp -d)
nano=$(dirname "$program")/checkpoints/cognito-nano
trap 'kill $hub 2> /dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1

# Small files and shards of 300 kB, so that a fetch takes long enough to be killed in its midst, and is over soon.
mkdir served
cp "$nano"/*.json "$nano"/tokenizer.model served
for shard in "$nano"/*.safetensors; do head -c 300000 "$shard" > "served/$(basename "$shard")"; done
cat > hub.py << 'PYTHON'
import hashlib, http.server, json, os, sys, time
commit = '0123456789abcdef' * 2 + '01234567'
files = {name: open('served/' + name, 'rb').read() for name in os.listdir('served')}
class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def log_message(self, *a): pass
    def do_HEAD(self): self.answer()
    def do_GET(self): self.answer()
    def send(self, code, body, head=()):
        self.send_response(code)
        for name, value in head: self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command == 'HEAD': return
        for at in range(0, len(body), 10000):
            self.wfile.write(body[at:at + 10000]); self.wfile.flush(); time.sleep(0.05)
    def answer(self):
        path = self.path.split('?')[0]
        if path.startswith('/api/'):
            return self.send(200, json.dumps({'sha': commit, 'siblings': [{'rfilename': name} for name in files]}).encode())
        name = path.rsplit('/', 1)[1]
        if name not in files: return self.send(404, b'', [('X-Error-Code', 'EntryNotFound')])
        body = files[name]
        head = [('ETag', '"%s"' % hashlib.sha256(body).hexdigest()), ('X-Repo-Commit', commit)]
        start = int((self.headers.get('Range') or 'bytes=0-')[6:-1])
        if start: print(name, start, file=sys.stderr, flush=True)
        if start: self.send(206, body[start:], head + [('Content-Range', 'bytes %d-%d/%d' % (start, len(body) - 1, len(body)))])
        else: self.send(200, body, head)
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    def handle_error(self, *a): pass
server = Server(('127.0.0.1', 0), Hub)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
python3 hub.py > port 2> parts & hub=$!
until [ -s port ]; do sleep 0.05; done
export HF_ENDPOINT=http://127.0.0.1:$(cat port) HF_HOME=$work/home DOTNET_NOLOGO=1
unset HF_TOKEN HF_HUB_CACHE HF_HUB_OFFLINE HF_HUB_DISABLE_SYMLINKS COGNITO_EVAL_DATA

fetch() { exec dotnet "$program" data fetch --model org/name --quiet > "$1.out" 2> "$1.err"; }
between() { awk -v seed="$RANDOM$RANDOM" -v from="$1" -v to="$2" 'BEGIN { srand(seed); printf "%.3f", from + rand() * (to - from) }'; }
# Kills at any moment, or with an even chance while bytes come.
killer() {
    if ((RANDOM % 2)); then sleep "$(between 0.1 "$(awk -v t="$took" 'BEGIN { print 2 * t }')")"
    else until find home/hub/models--org--name/blobs -name '*.incomplete' -size +1 2> /dev/null | grep -q . || ! kill -0 "$1" 2> /dev/null; do sleep 0.02; done; sleep "$(between 0 1)"; fi
    kill -9 "$1" 2> /dev/null
}
snapshot="home/hub/models--org--name/snapshots/0123456789abcdef0123456789abcdef01234567"

began=$(date +%s.%N); (fetch warm); (rm -rf home; fetch warm); took=$(awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN { print (b - a) / 2 }')
sound=0 killed=0 ended=0 refused=0 wrong=0 again=0
for ((round = 0; round < rounds; round++)); do
    ((round % 10)) || echo "round $round, $(wc -l < parts) parts gone on with" >&2
    rm -rf home
    pids=() doomed=() here=0
    for i in 1 2 3 4; do
        (fetch "$i") & pids+=($!)
        if ((RANDOM % 2)); then (killer "${pids[-1]}") & doomed+=($!); fi
    done
    for i in 1 2 3 4; do
        wait "${pids[i - 1]}" 2> /dev/null; code=$?
        case $code in
        137) killed=$((killed + 1)) ;;
        0) ended=$((ended + 1)) here=1; [ "$(cat "$i.out")" = "org/name: $work/$snapshot" ] || { wrong=$((wrong + 1)); cat "$i.out" "$i.err" >&2; } ;;
        2 | 3) refused=$((refused + 1)); [ "$(wc -l < "$i.err")" = 1 ] || { wrong=$((wrong + 1)); cat "$i.err" >&2; } ;;
        *) wrong=$((wrong + 1)); echo "exit $code" >&2; cat "$i.err" >&2 ;;
        esac
    done
    for pid in "${doomed[@]}"; do wait "$pid" 2> /dev/null; done
    # Where none was left alive, the next one goes on with what is there.
    [ $here = 1 ] || { again=$((again + 1)); (fetch last) || cat last.err >&2; }
    diff -r served "$snapshot" >&2 && ! find home/hub/models--org--name/blobs -name '*.incomplete' | grep -q . &&
        (cd home/hub/models--org--name/blobs && for blob in *; do [ "$(sha256sum < "$blob")" = "$blob  -" ] || exit 1; done) &&
        sound=$((sound + 1)) || { wrong=$((wrong + 1)); ls -lR home >&2; }
done
echo "$rounds rounds of four processes: $killed were killed, $ended ended with the snapshot, $refused with a refusal in one line;" \
    "$(wc -l < parts) transfers went on from a part that a killed one left; where none was left ($again rounds) one more fetch went on; $sound of $rounds rounds end with the repository's bytes, each by its hash, and no part left over"
exit $((wrong > 0))
