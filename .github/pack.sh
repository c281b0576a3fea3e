#!/usr/bin/env bash
# Packs cognito-eval for others: the tool that dotnet tool install takes, and archives with a runtime and libtorch of their own.
#   .github/pack.sh OUT [tool] [archive] [PLATFORM...]
# Without words: both, for linux-x64, osx-arm64 and win-x64. Every platform can be packed on Linux. What is built lies outside the checkout.
#   OUT/packages/cognito-eval.VERSION.nupkg, cognito-eval.PLATFORM.VERSION.nupkg
#   OUT/archives/cognito-eval-VERSION-PLATFORM.tar.gz (Windows: .zip), SHA256SUMS
# MSBUILD_ARGUMENTS may hold more arguments of the build, between spaces.
set -euo pipefail
[ $# -gt 0 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
kinds=() platforms=()
for word in "$@"; do
  case $word in
    tool | archive) kinds+=("$word") ;;
    linux-x64 | osx-arm64 | win-x64) platforms+=("$word") ;;
    *) echo "pack.sh: $word: no such word; use tool, archive, linux-x64, osx-arm64, win-x64" >&2; exit 2 ;;
  esac
done
[ ${#kinds[@]} -gt 0 ] || kinds=(tool archive)
[ ${#platforms[@]} -gt 0 ] || platforms=(linux-x64 osx-arm64 win-x64)
read -ra more <<<"${MSBUILD_ARGUMENTS:-}"

cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# No libtorch comes along: the tool finds or fetches it, and an archive is given that of its platform below.
build=(-c Release --artifacts-path "$work/build" --nologo -v:quiet -p:TorchBackend=apart -p:RestoreLockedMode=true ${more[@]+"${more[@]}"})

# A package a platform, each restored by itself, since platforms take other packages; then the one that names them.
tool() {
  mkdir -p "$out/packages"
  local platform list=${platforms[*]}
  for platform in "${platforms[@]}"; do
    dotnet pack src/Cognito.Eval.Cli "${build[@]}" -p:Tool=true -r "$platform" -o "$out/packages"
  done
  dotnet pack src/Cognito.Eval.Cli "${build[@]}" -p:Tool=true "-p:ToolPackageRuntimeIdentifiers=\"${list// /;}\"" -o "$out/packages" \
    -p:_InnerToolsPublishAot=true # as if each were packed on its own platform: the SDK leaves the platforms' packages to us
  if unzip -l "$out/packages/cognito-eval.*.nupkg" 2>/dev/null | grep torch_cpu >&2; then echo "pack.sh: a package brings libtorch along" >&2; return 1; fi
}

# The published package of libtorch, checked: $1 platform; prints its folder.
libtorch() {
  local name=libtorch-cpu-$1 version hash
  version=$(sed -n "s/.*Include=\"$name\" Version=\"\([^\"]*\)\".*/\1/p" Directory.Packages.props)
  dotnet restore src/Cognito.Eval.Torch/Native/libtorch.proj -v:quiet -p:Package="$name" -p:PackageVersion="$version" \
    -p:RestorePackagesPath="$work/packages" -p:RestoreRootConfigDirectory="$PWD" >&2
  hash=$(sed -n 's/.*"contentHash": "\([^"]*\)".*/\1/p' "$work/packages/$name/$version/.nupkg.metadata")
  grep -qF "\"$hash\"" src/Cognito.Eval.Torch/Native/LibTorchPackage.cs \
    || { echo "pack.sh: $name $version: not the published package" >&2; return 1; }
  echo "$work/packages/$name/$version"
}

archive() {
  local platform=$1 version name libtorch
  dotnet publish src/Cognito.Eval.Cli "${build[@]}" -r "$platform" --self-contained -o "$work/app"
  version=$(sed -n 's/.*InformationalVersionAttribute("\([^+"]*\).*/\1/p' "$work"/build/obj/Cognito.Eval.Cli/*"$platform"/*.AssemblyInfo.cs)
  name=cognito-eval-$version-$platform
  libtorch=$(libtorch "$platform")
  mkdir -p "$out/archives"
  mv "$work/app" "$work/$name"
  cp "$libtorch/runtimes/$platform/native/"* LICENSE README.md "$work/$name/"
  cp "$libtorch/LICENSE-LIBTORCH.txt" "$work/$name/"
  # Of Python's half, which nothing here loads.
  rm -f "$work/$name/"libtorch_python.* "$work/$name/"*_test.so
  for file in 'cognito-eval*' '*LibTorchSharp.*' '*torch_cpu.*' '*c10.*' '*e_sqlite3.*' checkpoints/cognito-nano samples datasets.lock.json \
    LICENSE LICENSE-LIBTORCH.txt README.md; do
    compgen -G "$work/$name/$file" >/dev/null || { echo "pack.sh: $name lacks $file" >&2; return 1; }
  done
  if [ "$platform" = win-x64 ]; then
    rm -f "$out/archives/$name.zip"
    (cd "$work" && zip -qr "$out/archives/$name.zip" "$name")
  else
    tar -C "$work" --owner=0 --group=0 -czf "$out/archives/$name.tar.gz" "$name"
  fi
  rm -rf "${work:?}/$name" "$work/packages"
}

for kind in "${kinds[@]}"; do
  case $kind in
    tool) tool ;;
    archive) for platform in "${platforms[@]}"; do archive "$platform"; done ;;
  esac
done
if [ -d "$out/archives" ]; then (cd "$out/archives" && sha256sum -- cognito-eval-*.tar.gz cognito-eval-*.zip 2>/dev/null >SHA256SUMS || true); fi
