"""The echo canceller: removes the agent's voice (far end) from the microphone's sound (near end).

`canceller` is the whole. In it `linear_canceller` mixes two filters, `adaptive_filter` (fast) and
`path_solver` (exact); `far_end` corrects clock drift, `echo_path_change` detects delay jumps, and
`residual_suppressor` removes the rest. Stands on `engine.sound`; knows no card.
"""
