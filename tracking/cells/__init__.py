"""The stored cells: a cache of the ledger's sums, recomputed whole where it moved, part by part, or all at once.

Never adjusted. Whoever recomputes holds the locks of the nodes, taken from the top of the tree down, and writes in one
statement what differs; readers wait for nobody and never see half a total.
"""

from tracking.cells.rebuilding import Rebuilt, parts, rebuild, rebuild_above, rebuild_part
from tracking.cells.rolling import roll_up, roll_up_batch

__all__ = ["Rebuilt", "parts", "rebuild", "rebuild_above", "rebuild_part", "roll_up", "roll_up_batch"]
