#!/usr/bin/env bash
# Make sure that a Chromium is there for the tests of the pages.  Where it cannot be installed the script
# says so and succeeds: those tests are then skipped, visibly.
set -euo pipefail

for name in chromium chromium-browser google-chrome; do
  if command -v "$name" > /dev/null; then exit 0; fi
done
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if [ -n "${CI:-}" ] && command -v sudo > /dev/null; then as_root=(sudo); else
    echo "chromium: not installed, and only root may install it; the tests of the pages will be skipped"
    exit 0
  fi
fi
if ! command -v apt-get > /dev/null; then
  echo "chromium: not installed; the tests of the pages will be skipped"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq > /dev/null || true
"${as_root[@]}" apt-get install -y -qq --no-install-recommends chromium > /dev/null \
  || echo "chromium: the installation failed; the tests of the pages will be skipped"
