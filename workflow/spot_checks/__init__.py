"""抽查: spot checks that neither side can choose (domain 2.14).

1. The plan is written into the log: kind, period, figures, SHA-256 of the frame (all cases by stratum), what
   the seed hangs on, and SHA-256 of a word that only the inspector knows. The seed hangs on a size of the log
   that it has not reached yet, or on its size with the first time record on or after a day to come (`on`).
2. When the published log has that size, whoever knows the word draws. The seed is SHA-256 of

       mingjian/spot-check/v1 ⏎ origin ⏎ size ⏎ root at that size (base64) ⏎ plan ⏎ word ⏎

   where plan is SHA-256 (hex) of the plan's `vars` as canonical JSON. The office does not know the word when
   it writes the entries that make the root; the inspector has committed to the word before there was one.
3. Within a stratum, cases are put in the order of SHA-256(seed ‖ stratum ‖ NUL ‖ case), with the seed as 32
   bytes and the case as 32 hex digits, and the first ones are taken (`drawing`).

The size is exact, so there is one root, and whoever has the published log can compute it at any later time.
"""
