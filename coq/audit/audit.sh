#!/usr/bin/env bash
# The axiom audit. Run it by `make -C coq audit`. Each check can fail, and says which theorem, file or module it is about.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
paths=(-q -Q theories PXL)
failed=0
complain() { echo "audit: $*" >&2; failed=1; }

# 1. No source asks to be believed. (Comments are stripped first, as far as a line shows them.)
if grep -nE '^[[:space:]]*(Axiom|Axioms|Parameter|Parameters|Conjecture|Hypothesis|Hypotheses|Variable|Variables|Admitted|Unset Guard Checking|Unset Positivity Checking|Unset Universe Checking)\b|\badmit\b|bypass_check|native_compute' \
    --include='*.v' -r theories plugin; then
  complain "the lines above would weaken the kernel"
fi

# 2. The claims, word for word, and what each rests on, against the reference.
{
  echo 'From PXL Require Import Kernel.Syntax Kernel.Provability Kernel.Kripke Kernel.FiniteModels Checker.Certificate Checker.Replay Checker.CheckModel Meta.Substitution Claims.'
  echo 'Set Printing Width 200.'
  grep -oE '^Theorem claim_[a-z_]+' theories/Claims.v | while read -r _ claim; do
    echo "Check $claim. Print Assumptions $claim."
  done
} > "$scratch/claims.v"
coqc "${paths[@]}" "$scratch/claims.v" > "$scratch/claims.out"
if ! diff -u audit/claims.ref "$scratch/claims.out"; then
  complain "the claims or their assumptions differ from audit/claims.ref"
fi

# 3. Every lemma and theorem of every file, not only the claims.
theorems=0
{
  find theories -name '*.v' ! -name Claims.v | sort | while read -r file; do
    module=$(sed 's#^theories/##; s#\.v$##; s#/#.#g' <<< "$file")
    echo "Require PXL.$module."
    { grep -oE '^[[:space:]]*(Theorem|Lemma|Corollary|Fact|Remark|Proposition)[[:space:]]+[A-Za-z0-9_'"'"']+' "$file" || true; } | while read -r _ name; do
      echo "Print Assumptions PXL.$module.$name."
    done
  done
} > "$scratch/theorems.v"
theorems=$(grep -c '^Print' "$scratch/theorems.v")
coqc "${paths[@]}" "$scratch/theorems.v" > "$scratch/theorems.out"
closed=$(grep -c '^Closed under the global context$' "$scratch/theorems.out" || true)
others=$(grep -vc '^Closed under the global context$' "$scratch/theorems.out" || true)
if [ "$theorems" -lt 50 ] || [ "$closed" -ne "$theorems" ] || [ "$others" -ne 0 ]; then
  grep -v '^Closed under the global context$' "$scratch/theorems.out" >&2 || true
  complain "$closed of $theorems theorems are closed under the global context"
fi

# 4. What a session loads: no library beyond the reference, and nothing of Meta.
{
  echo 'Require PXL.Plugin.Command.'
  echo 'Print Libraries.'
} > "$scratch/closure.v"
coqc "${paths[@]}" -Q plugin PXL.Plugin -I plugin "$scratch/closure.v" | grep -oE '[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)+' | sort > "$scratch/closure.out"
if ! diff -u audit/closure.ref "$scratch/closure.out"; then
  complain "the modules that a session loads differ from audit/closure.ref"
fi

# 5. The import order is the architecture: Kernel knows no Checker, neither knows Meta.
if grep -nE 'Require.*\b(Checker|Meta|Claims|Plugin)\.' theories/Kernel/*.v; then complain "Kernel must not import the modules above"; fi
if grep -nE 'Require.*\b(Meta|Claims|Plugin)\.' theories/Checker/*.v; then complain "Checker must not import the modules above"; fi

# 6. Coq's independent checker, over all compiled theories; it takes longest, so only when all else is well.
[ "$failed" -eq 0 ] || exit 1
mapfile -t modules < <(find theories -name '*.v' | sort | sed 's#^theories/#PXL.#; s#\.v$##; s#/#.#g')
if ! coqchk -silent -o -Q theories PXL "${modules[@]}" > "$scratch/coqchk.out" 2>&1; then
  cat "$scratch/coqchk.out" >&2
  complain "coqchk refuses the compiled theories"
fi
if ! grep -A1 '^\* Axioms:' "$scratch/coqchk.out" | grep -q '<none>'; then
  cat "$scratch/coqchk.out" >&2
  complain "coqchk reports axioms"
fi

[ "$failed" -eq 0 ] || exit 1
echo "audit: $theorems theorems and $(grep -c '^Theorem' theories/Claims.v) claims rest on no axiom; coqchk agrees"
