#!/usr/bin/env bash
# Brings llama.cpp's programs of Debian unstable into FOLDER, beside whatever the system has, and prints the command that starts
# llama-server; those that measure lie beside it, for tests/peers/llama-cpp.py. Needs root, Debian's debootstrap and a network; takes a
# minute or two and about 450 MB.
#
#   COGNITO_EVAL_LLAMA_SERVER=$(tests/llama-server.sh FOLDER) dotnet test --project tests/EndToEnd --filter-class '*LlamaServerTests'
set -euo pipefail
folder=$(realpath -m "${1:?usage: tests/llama-server.sh FOLDER}")
mkdir -p "$folder"
exec 3>&1 >"$folder/log" 2>&1
# What an end before its time would leave mounted.
trap 'umount "$folder"/sid/proc "$folder"/sid/sys 2>/dev/null || true' EXIT
mirror=$(sed -n 's/^URIs: *\(http[^ ]*\/debian\)\/\{0,1\}$/\1/p; s/^deb .*\(http[^ ]*\/debian\)\/\{0,1\} .*/\1/p' \
  /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1 || true)
debootstrap --variant=minbase sid "$folder/sid" "${mirror:-http://deb.debian.org/debian}"
chroot "$folder/sid" apt-get -o Acquire::Check-Valid-Until=false update
chroot "$folder/sid" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends llama.cpp-tools llama.cpp-tools-extra
libraries=$folder/sid/usr/lib/$(uname -m)-linux-gnu
loader=$(find "$folder/sid/lib64/" "$folder/sid/lib/" -maxdepth 2 -name "ld-linux-*.so.*" | head -n 1 || true)
# The programs look for their backends beside themselves, which is beside the loader here; of those the first that the processor can do.
backend=$(ls "$libraries"/ggml/backends0/libggml-cpu-{x64,armv8.0_1}*.so 2>/dev/null | head -n 1 || true)
for one in sapphirerapids:amx_int8 zen4:avx512_bf16 icelake:avx512_vbmi skylakex:avx512dq alderlake:avx_vnni haswell:avx2; do
  if grep -qw "${one#*:}" /proc/cpuinfo && [ -f "$libraries/ggml/backends0/libggml-cpu-${one%:*}.so" ]; then
    backend=$libraries/ggml/backends0/libggml-cpu-${one%:*}.so
    break
  fi
done
for program in server bench batched-bench perplexity; do
  cat >"$folder/llama-$program" <<END
#!/bin/sh
export GGML_BACKEND_PATH='$backend'
exec '$loader' --library-path '$libraries:$libraries/llama' '$folder/sid/usr/bin/llama-$program' "\$@"
END
  chmod +x "$folder/llama-$program"
done
"$folder/llama-server" --version
echo "$folder/llama-server" >&3
