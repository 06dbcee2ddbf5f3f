/** Milliseconds of a forward by its number of rows; at least two entries, ascending. */
export type CostPoints = readonly (readonly [rows: number, ms: number])[];

/** Weight of one more forward in the machine's present speed, and in the shape of the curve. */
const SPEED_WEIGHT = 0.1;
const SHAPE_WEIGHT = 0.03;

/**
 * What a forward of some rows costs on this device, in milliseconds of an idle machine.
 *
 * Starts from a measurement and follows the forwards of real requests. A busy machine slows all of them alike, which says
 * nothing about how many rows pay, so the present speed is kept apart from the shape.
 */
export class CostCurve {
  private readonly points: [rows: number, ms: number][];
  private speed = 1;

  constructor(points: CostPoints) {
    this.points = points.map(([rows, ms]) => [rows, ms]);
  }

  /** Linear between measured row counts and beyond the last two. */
  ms(rows: number): number {
    const { points } = this;
    const above = points.findIndex(([count]) => count >= rows);
    if (above === 0) {
      return points[0]![1];
    }
    const right = above === -1 ? points.length - 1 : above;
    const [leftRows, leftMs] = points[right - 1]!;
    const [rightRows, rightMs] = points[right]!;
    return leftMs + ((rightMs - leftMs) * (rows - leftRows)) / (rightRows - leftRows);
  }

  /** Milliseconds on an idle machine that stand for these measured ones, by the present speed. */
  idle(measuredMs: number): number {
    return measuredMs / this.speed;
  }

  observe(rows: number, measuredMs: number): void {
    const ratio = measuredMs / this.ms(rows);
    const surprise = ratio / this.speed;
    this.speed += SPEED_WEIGHT * (ratio - this.speed);
    // One stall, by the scheduler or by memory, must not bend the curve.
    const bend = Math.min(1.5, Math.max(0.67, surprise)) ** SHAPE_WEIGHT;
    const nearest = this.points.reduce((best, point) =>
      Math.abs(point[0] - rows) < Math.abs(best[0] - rows) ? point : best,
    );
    nearest[1] *= bend;
  }

  snapshot(): CostPoints {
    return this.points.map(([rows, ms]) => [rows, ms]);
  }
}
