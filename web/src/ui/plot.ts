// SPDX-License-Identifier: AGPL-3.0-or-later
// Draws long series. It is fetched with the first picture that somebody sees, never before.

import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { language } from '../lib/texts.svelte.ts';

/** A value on a day, like 2026-03-03. */
export interface Point {
  day: string;
  value: number;
}

/** What to draw: steps stay until the next day, bars stand for themselves. */
export interface Drawing {
  points: readonly Point[];
  as: 'steps' | 'bars';
  /** A value in words, for the axis. */
  tell: (value: number) => string;
  /** Is told which point the pointer is nearest to; null when it is away. */
  point: (index: number | null) => void;
}

const daySeconds = 86_400;
// Minutes between two lines of the axis: quarters, then whole hours.
const marks = [15, 30, ...[1, 10, 100, 1000, 10_000].flatMap((tens) => [1, 2, 5].map((n) => n * tens * 60))];

/** Draws into an empty box, in its colours, and follows its size until it is told to stop. */
export function draw(box: HTMLElement, { points, as, tell, point }: Drawing): () => void {
  const style = getComputedStyle(box);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const locale = language.now === 'fr' ? 'fr-FR' : 'en-GB';
  const month = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', month: 'short', year: 'numeric' });
  const day = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', day: 'numeric', month: 'short' });
  const axis: uPlot.Axis = {
    stroke: colour('soft'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { stroke: colour('line'), width: 1 },
    font: `13px ${style.fontFamily}`,
  };
  const bars = as === 'bars';
  const edge = bars ? daySeconds * 16 : 0; // half a month, so that the first bar and the last are whole

  const plot = new uPlot(
    {
      width: box.clientWidth,
      height: box.clientHeight,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
      scales: {
        x: { range: (_, from, until) => [from - edge, until + edge] },
        y: { range: (_, least, most) => uPlot.rangeNum(Math.min(least, 0), Math.max(most, 60), 0.1, true) },
      },
      axes: [
        { ...axis, space: 90, values: (_, at, __, ___, apart) => at.map((seconds) => (apart < 28 * daySeconds ? day : month).format(seconds * 1000)) },
        { ...axis, size: 84, incrs: marks, values: (_, values) => values.map(tell) },
      ],
      series: [
        {},
        {
          stroke: colour('warm'),
          ...(bars ? { fill: colour('warm') } : {}),
          width: bars ? 0 : 2,
          points: { show: false },
          paths: bars ? uPlot.paths.bars!({ size: [0.7, 60] }) : uPlot.paths.stepped!({ align: 1 }),
        },
      ],
      hooks: { setCursor: [(u) => point(u.cursor.idx ?? null)] },
    },
    [points.map((p) => Date.parse(p.day) / 1000), points.map((p) => p.value)],
    box,
  );
  const sized = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: box.clientHeight }));
  sized.observe(box);
  return () => {
    sized.disconnect();
    plot.destroy();
  };
}
