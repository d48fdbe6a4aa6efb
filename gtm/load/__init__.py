"""Load against capacity: what regions report, what clients bring, and who goes elsewhere.

Nothing here follows load up and down. What clients bring is reckoned from the answers that they
are given, so the shares that keep every region within its capacity can be worked out before they
are in force; reports only correct the reckoning, slowly.
"""
