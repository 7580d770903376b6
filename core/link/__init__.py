"""What the lanes say and are told: proofs, the log, journals, orders, pictures, and what follows from them.

| module | what is in it |
|---|---|
| `gateway` | every message of a lane's: opened, refused, handed on, answered |
| `inbox` | what came and waits to be taken, lane by lane |
| `proving` | the answers to nonces, and when there are none |
| `wholeness` | signed deltas that lanes hold and this core lacks |
| `twins` | two boxes with one lane's key |
| `named_heads` | how far each lane has said that its journal goes |
| `rows_late` | rows that a lane has and that do not arrive |
| `intake` | journals: each row proved, stored and projected once |
| `outages` | when lanes were not automatic because of their link |
| `entry`, `projection` | what a row says, and what it means: crossings, alarms, used bundles |
| `claims` | whose a bundle is before the release |
| `disputes` | uses of bundles that no read bears out |
| `compound` | vehicles on their way to the examination compound |
| `orders` | commands to lanes and what became of them |
| `pictures` | evidence pictures that lanes send |
| `alarms`, `alarm_watch` | the alarms at the centre; the core's own, raised and ended, and the lanes' lists compared |
| `budget` | what one lane may cost |
"""
