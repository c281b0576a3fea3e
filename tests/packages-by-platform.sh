#!/bin/sh
# Which TorchSharp and libtorch each platform gets, by evaluation alone: nothing is restored or built.
set -eu
project=$(dirname "$0")/../src/Cognito.Eval.Torch/Cognito.Eval.Torch.csproj
failed=0

# What is referenced, each with its central version; then the TorchSharp that these bring along or are.
packages() {
  dotnet msbuild "$project" -getItem:PackageReference,PackageVersion "$@" | awk -F '"' '
    /^    "Package/ { list = $2 }
    $2 == "Identity" { name = $4; if (list == "PackageReference" && tolower(name) ~ /torch/) named[name] }
    $2 == "Version" && list == "PackageVersion" { version[name] = $4 }
    END {
      for (name in named) print name " " (name in version ? version[name] : "without a version")
      print "with TorchSharp " version["TorchSharp"]
    }' | sort | paste -s -d ',' -
}

expect() {
  expected=$1
  shift
  found=$(packages "$@")
  if [ "$found" = "$expected" ]; then
    echo "ok      $* $found"
  else
    echo "FAILED  $* $found; expected $expected"
    failed=1
  fi
}

export LC_ALL=C
windows="TorchSharp-cuda-windows 0.106.0,with TorchSharp 0.106.0"
cuda="TorchSharp-cuda-linux 0.107.0,with TorchSharp 0.107.0"
cpu="TorchSharp 0.107.0,libtorch-cpu-linux-x64 2.10.0,with TorchSharp 0.107.0"
mac="TorchSharp 0.107.0,libtorch-cpu-osx-arm64 2.10.0,with TorchSharp 0.107.0"

apart="TorchSharp 0.107.0,with TorchSharp 0.107.0"

expect "$windows" -p:RuntimeIdentifier=win-x64
expect "$windows" -p:RuntimeIdentifier=win-x64 -p:TorchBackend=cuda
expect "$windows" -p:TargetsWindows=true
expect "$cpu" -p:RuntimeIdentifier=linux-x64
expect "$cuda" -p:RuntimeIdentifier=linux-x64 -p:TorchBackend=cuda
expect "$mac" -p:RuntimeIdentifier=osx-arm64
expect "$mac" -p:RuntimeIdentifier=osx-arm64 -p:TorchBackend=cuda
# The tool and the archives bring no libtorch by the build.
expect "TorchSharp 0.106.0,with TorchSharp 0.106.0" -p:RuntimeIdentifier=win-x64 -p:TorchBackend=apart
expect "$apart" -p:RuntimeIdentifier=linux-x64 -p:TorchBackend=apart
expect "$apart" -p:RuntimeIdentifier=osx-arm64 -p:TorchBackend=apart
case $(uname -s) in
  Linux) expect "$cpu" ;;
  Darwin) expect "$mac" ;;
esac
exit $failed
