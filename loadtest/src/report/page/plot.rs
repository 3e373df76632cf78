//! Plots as SVG in the page. Colours come from the page's style, for light, dark and paper.

use std::fmt::Write as _;

use super::escape;

/// In the plot's own units.
const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 44.0;
/// Room that a letter of a legend takes.
const LETTER: f64 = 6.6;
/// Marks with words; more would lie over each other.
const MARKS_NAMED_MAX: usize = 12;

/// One direction of a plot.
pub(super) struct Axis {
    /// The value at its begin.
    pub(super) low: f64,
    /// The value at its end.
    pub(super) high: f64,
    /// Equal steps are equal factors.
    pub(super) log: bool,
    /// Where lines stand, with their words.
    pub(super) ticks: Vec<(f64, String)>,
    /// What it measures.
    pub(super) label: String,
}

impl Axis {
    /// From 0 to a round number above the highest value.
    pub(super) fn linear(high: f64, label: &str, words: impl Fn(f64) -> String) -> Self {
        let raw = (high / 5.0).max(1e-9);
        let unit = 10_f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|by| by * unit).into_iter().find(|step| *step >= raw);
        let step = step.unwrap_or(10.0 * unit);
        let count = (high / step).ceil().max(1.0);
        let ticks =
            (0..=count as u64).map(|place| (place as f64 * step, words(place as f64 * step))).collect();
        Self { low: 0.0, high: count * step, log: false, ticks, label: label.to_owned() }
    }

    /// By powers of ten around all values.
    pub(super) fn log(low: f64, high: f64, label: &str, words: impl Fn(f64) -> String) -> Self {
        let (from, to) = (low.max(1e-3).log10().floor(), high.max(1e-2).log10().ceil());
        let to = to.max(from + 1.0);
        let ticks =
            (from as i32..=to as i32).map(|power| 10_f64.powi(power)).map(|at| (at, words(at))).collect();
        Self { low: 10_f64.powf(from), high: 10_f64.powf(to), log: true, ticks, label: label.to_owned() }
    }

    /// The part of the way to a value.
    fn part(&self, value: f64) -> f64 {
        let part = if self.log {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        part.clamp(0.0, 1.0)
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + self.part(value) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - self.part(value) * (HEIGHT - TOP - BOTTOM)
    }
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// From point to point.
    Line,
    /// Level until the next point.
    Steps,
    /// A bar between each point and the next.
    Bars,
}

/// Points of one kind.
pub(super) struct Series {
    /// As the legend calls it.
    pub(super) name: String,
    /// Its colour, from 1 to 5.
    pub(super) colour: usize,
    /// How it is drawn.
    pub(super) form: Form,
    /// In the order of x.
    pub(super) points: Vec<(f64, f64)>,
}

/// A stretch of x in which something went on.
pub(super) struct Stretch {
    /// Where it begins.
    pub(super) from: f64,
    /// Where it ends.
    pub(super) to: f64,
    /// What it was.
    pub(super) name: String,
    /// It failed.
    pub(super) bad: bool,
}

/// Draws a plot with its title and legend.
pub(super) fn plot(
    out: &mut String,
    title: &str,
    (x, y): (&Axis, &Axis),
    series: &[Series],
    marks: &[Stretch],
) {
    let title = escape(title);
    // Writing to a string cannot fail.
    write!(
        out,
        "<figure><figcaption>{title}</figcaption><svg viewBox=\"0 0 {WIDTH:.0} {HEIGHT:.0}\" role=\"img\" aria-label=\"{title}\">"
    )
    .unwrap_or_default();
    stretches(out, x, marks);
    grid(out, x, y);
    for one in series {
        draw(out, x, y, one);
    }
    legend(out, series);
    out.push_str("</svg></figure>\n");
}

fn grid(out: &mut String, x: &Axis, y: &Axis) {
    let (right, floor) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for (value, words) in &y.ticks {
        let at = y.y(*value);
        write!(
            out,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" \
             text-anchor=\"end\">{words}</text>",
            LEFT - 8.0,
            at + 4.0
        )
        .unwrap_or_default();
    }
    for (value, words) in &x.ticks {
        let at = x.x(*value);
        let anchor = if at > right - 12.0 { "end" } else { "middle" };
        write!(
            out,
            "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{floor}\"/><text x=\"{at:.1}\" y=\"{:.1}\" \
             text-anchor=\"{anchor}\">{words}</text>",
            floor + 16.0
        )
        .unwrap_or_default();
    }
    write!(
        out,
        "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text><text class=\"label\" x=\"{:.1}\" \
         y=\"{:.1}\" transform=\"rotate(-90 14 {:.1})\" text-anchor=\"middle\">{}</text>",
        (LEFT + right) / 2.0,
        HEIGHT - 8.0,
        escape(&x.label),
        14.0,
        (TOP + floor) / 2.0,
        (TOP + floor) / 2.0,
        escape(&y.label)
    )
    .unwrap_or_default();
}

fn stretches(out: &mut String, x: &Axis, marks: &[Stretch]) {
    for (place, mark) in marks.iter().enumerate() {
        let (from, to) = (x.x(mark.from), x.x(mark.to));
        let class = if mark.bad { "mark bad" } else { "mark" };
        let (width, tall) = ((to - from).max(1.5), HEIGHT - TOP - BOTTOM);
        let name = escape(&mark.name);
        write!(
            out,
            "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{tall:.1}\"><title>{name}, {:.1} s to \
             {:.1} s</title></rect>",
            mark.from, mark.to
        )
        .unwrap_or_default();
        // Of many with one name only the first is called by it.
        let first = !marks[..place].iter().any(|before| before.name == mark.name);
        if first || marks.len() <= MARKS_NAMED_MAX {
            write!(
                out,
                "<text class=\"marked\" x=\"{:.1}\" y=\"{:.1}\">{name}</text>",
                from + 3.0,
                TOP + 11.0
            )
            .unwrap_or_default();
        }
    }
}

fn draw(out: &mut String, x: &Axis, y: &Axis, series: &Series) {
    if series.form == Form::Bars {
        for pair in series.points.windows(2) {
            let (from, to, top) = (x.x(pair[0].0), x.x(pair[1].0), y.y(pair[0].1));
            if pair[0].1 > 0.0 {
                write!(
                    out,
                    "<rect class=\"fill{}\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                    series.colour,
                    (to - from - 0.6).max(0.6),
                    (HEIGHT - BOTTOM - top).max(1.0)
                )
                .unwrap_or_default();
            }
        }
        return;
    }
    let mut path = String::new();
    for (place, (at, value)) in series.points.iter().enumerate() {
        let (at, value) = (x.x(*at), y.y(*value));
        match (place, series.form) {
            (0, _) => write!(path, "M{at:.1} {value:.1}"),
            (_, Form::Steps) => write!(path, "H{at:.1}V{value:.1}"),
            _ => write!(path, "L{at:.1} {value:.1}"),
        }
        .unwrap_or_default();
    }
    write!(out, "<path class=\"line{}\" d=\"{path}\"/>", series.colour).unwrap_or_default();
}

fn legend(out: &mut String, series: &[Series]) {
    let mut at = LEFT;
    for one in series {
        write!(
            out,
            "<rect class=\"fill{}\" x=\"{at:.1}\" y=\"10\" width=\"14\" height=\"10\"/><text x=\"{:.1}\" y=\"19\">{}</text>",
            one.colour,
            at + 19.0,
            escape(&one.name)
        )
        .unwrap_or_default();
        at += 38.0 + one.name.chars().count() as f64 * LETTER;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        let axis = Axis::linear(873.0, "x", |value| format!("{value}"));
        assert_eq!((axis.high, axis.ticks.len(), axis.ticks[1].1.as_str()), (1000.0, 6, "200"));
        assert_eq!(axis.part(500.0), 0.5);
        let axis = Axis::log(30.0, 5_000.0, "y", |value| format!("{value}"));
        assert_eq!((axis.low, axis.high), (10.0, 10_000.0));
        assert!((axis.part(1000.0) - 2.0 / 3.0).abs() < 1e-9);
        assert_eq!((axis.part(0.0), axis.part(1e9)), (0.0, 1.0));
    }
}
