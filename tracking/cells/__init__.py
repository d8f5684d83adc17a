"""The stored cells: a cache of the ledger's sums, moved as the ledger moves; rebuilt part by part, or all at once.

A cell is the ledger's sum without what still waits to be added. Whoever writes holds the locks of the nodes, taken from
the top of the tree down, and writes in one statement; readers wait for nobody and never see half a total.
"""

from tracking.cells.rebuilding import Rebuilt, parts, rebuild, rebuild_above, rebuild_part
from tracking.cells.rolling import roll_up, roll_up_batch

__all__ = ["Rebuilt", "parts", "rebuild", "rebuild_above", "rebuild_part", "roll_up", "roll_up_batch"]
