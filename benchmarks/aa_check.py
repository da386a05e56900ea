"""The comparison's own error rates: the same system against itself, 1,000 times.

    python benchmarks/aa_check.py --pairs 50 100 200

Tests must find a difference in 5 % of simulations, intervals hold 0 in 95 %, both within two
standard errors. McNemar's exact test and the permutation test of right/wrong outcomes (they are one
test) find fewer by construction, as p comes in steps; mid-p does not.
"""

from __future__ import annotations

import argparse
import time

from churon.evals.stats.aa import Draw, aa_check, outcomes, scores

DRAWS: dict[str, Draw] = {"F1-like": scores, "right/wrong": outcomes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=1_000)
    parser.add_argument("--pairs", type=int, nargs="+", default=[30, 50, 100, 200])
    parser.add_argument("--resamples", type=int, default=1_999)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    head = ["scores", "pairs", "permutation", "McNemar exact", "mid-p", "BCa holds 0", "s"]
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    for name, draw in DRAWS.items():
        for pairs in given.pairs:
            began = time.perf_counter()
            made = aa_check(
                given.simulations, pairs, draw=draw, resamples=given.resamples, seed=given.seed
            )
            shares = (made.permutation, made.exact, made.mid_p, made.coverage)
            cells = [f"{share:.1%}" for share in shares]
            spent = time.perf_counter() - began
            print(f"| {name} | {pairs} | {' | '.join(cells)} | {spent:.0f} |", flush=True)
    print(f"\nWanted: 5 % and 95 %, ± {100 * made.tolerance:.1f} points; exact: at most that.")


if __name__ == "__main__":
    main()
