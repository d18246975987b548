"""The HdrHistogram logs are read by the HdrHistogram tools, here those of Python.

The log is kept beside the tests of the crate, which check that it is what is written today.
"""

from pathlib import Path

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

LOG = Path(__file__).parent / "report/golden/measure.intended.hlog"


def histograms():
    reader = HistogramLogReader(str(LOG), HdrHistogram(1, 3_600_000_000_000, 3))
    found = []
    while (histogram := reader.get_next_interval_histogram()) is not None:
        found.append(histogram)
    reader.close()
    return reader, found


def test_the_intervals_are_found_with_their_tags_and_times():
    reader, (first, second) = histograms()
    assert reader.start_time_sec == 1764076800.25
    assert [first.get_tag(), second.get_tag()] == ["measure.intended"] * 2
    assert first.get_start_time_stamp() == 1764076802250
    assert first.get_end_time_stamp() == 1764076803250
    assert second.get_start_time_stamp() == 1764076803250


def test_the_values_are_those_that_were_recorded():
    _, (first, second) = histograms()
    assert (first.get_total_count(), second.get_total_count()) == (1000, 1)
    for percentile, nanoseconds in [(50, 500_000), (90, 900_000), (99, 990_000), (100, 1_000_000)]:
        found = first.get_value_at_percentile(percentile)
        assert abs(found / nanoseconds - 1) < 0.002, percentile
    assert second.values_are_equivalent(second.get_max_value(), 1_000_000_000)
    first.add(second)
    assert first.get_total_count() == 1001
