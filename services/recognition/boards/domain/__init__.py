"""What awards change on boards, which periods these have, who stands where, and who wins what.

A member's points on a board are the sum of what awards and amendments say of the days of its period, so they are
a function of the set of these. Ranks are dense (1, 2, 2, 3) among those who are shown and have points above zero;
of members with the same points comes first who reached them first, and then whose id is lower. Points are reached
with the last event whose awards amount to something: how many do is kept by the time of their events, so that one
which is taken back leaves everything as if it had never been.
"""
