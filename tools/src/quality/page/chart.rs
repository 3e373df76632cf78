//! Small charts of bars, as SVG in the page. Colours come from the page's style, for light, dark and paper.

use super::{escape, number, push};

/// Width of a chart, in its own units.
const WIDTH: f64 = 760.0;
/// Where bars begin.
const LEFT: f64 = 250.0;
/// Room for the figure behind the longest bar.
const RIGHT: f64 = 130.0;
/// Height of a bar with its gap.
const ROW: f64 = 24.0;
/// Columns of a label; a Chinese character takes two.
const LABEL_COLUMNS: usize = 34;

/// A bar, or two of which the second is that of before.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) value: f64,
    pub(super) before: Option<f64>,
    /// The figure behind the bar.
    pub(super) told: String,
    pub(super) bad: bool,
}

/// Bars from the left, one a row, against the longest or `of`.
pub(super) fn bars(out: &mut String, title: &str, all: &[Bar], of: Option<f64>) {
    let longest = all.iter().flat_map(|bar| [bar.value, bar.before.unwrap_or(0.0)]).fold(0.0, f64::max);
    let longest = of.unwrap_or(longest);
    if all.is_empty() || longest <= 0.0 {
        return;
    }
    let height = all.len() as f64 * ROW + 4.0;
    begin(out, title, height);
    for (at, bar) in all.iter().enumerate() {
        let top = at as f64 * ROW + 2.0;
        let length = |value: f64| (value / longest).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT);
        let baseline = top + 15.0;
        let label = escape(&cut(&bar.label));
        push(
            out,
            &[&format!("<text x=\"{:.1}\" y=\"{baseline:.1}\" text-anchor=\"end\">", LEFT - 8.0), &label],
        );
        push(out, &["<title>", &escape(&bar.label), "</title></text>"]);
        let class = if bar.bad { "bar bad" } else { "bar" };
        let (thick, width) = (if bar.before.is_some() { 9.0 } else { 16.0 }, length(bar.value));
        rectangle(out, class, LEFT, top + 2.0, width, thick);
        if let Some(before) = bar.before {
            rectangle(out, "bar before", LEFT, top + 12.0, length(before), 7.0);
        }
        let end = LEFT + width.max(bar.before.map_or(0.0, length)) + 6.0;
        push(
            out,
            &[
                &format!("<text x=\"{end:.1}\" y=\"{baseline:.1}\" class=\"told\">"),
                &escape(&bar.told),
                "</text>\n",
            ],
        );
    }
    out.push_str("</svg></figure>\n");
}

/// Upright bars, one a day.
pub(super) fn days(out: &mut String, title: &str, all: &[(String, u64)]) {
    let longest = all.iter().map(|(_, count)| *count).max().unwrap_or(0);
    if longest == 0 {
        return;
    }
    let (height, floor, ceiling) = (190.0, 160.0, 18.0);
    begin(out, title, height);
    let (left, step) = (10.0, (WIDTH - 20.0) / all.len() as f64);
    for (at, (day, count)) in all.iter().enumerate() {
        let tall = *count as f64 / longest as f64 * (floor - ceiling);
        let x = left + at as f64 * step;
        let class = if at < 7 { "bar soon" } else { "bar" };
        rectangle(out, class, x + 2.0, floor - tall, step - 4.0, tall);
        let middle = x + step / 2.0;
        // The highest bar tells the scale.
        if *count == longest && all[..at].iter().all(|(_, earlier)| *earlier < longest) {
            let top = floor - tall - 5.0;
            push(
                out,
                &[
                    &format!("<text x=\"{middle:.1}\" y=\"{top:.1}\" text-anchor=\"middle\">"),
                    &number(*count),
                    "</text>",
                ],
            );
        }
        if at % 7 == 0 {
            let day = escape(day.get(5..).unwrap_or(day));
            push(
                out,
                &[
                    &format!("<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">", floor + 18.0),
                    &day,
                    "</text>",
                ],
            );
        }
    }
    let end = WIDTH - 10.0;
    push(
        out,
        &[
            &format!("<line x1=\"10\" x2=\"{end:.1}\" y1=\"{floor:.1}\" y2=\"{floor:.1}\"/>"),
            "</svg></figure>\n",
        ],
    );
}

fn begin(out: &mut String, title: &str, height: f64) {
    let title = escape(title);
    push(
        out,
        &[
            "<figure><svg viewBox=\"0 0 ",
            &format!("{WIDTH:.0} {height:.0}"),
            "\" role=\"img\" aria-label=\"",
            &title,
        ],
    );
    push(out, &["\"><title>", &title, "</title>\n"]);
}

fn rectangle(out: &mut String, class: &str, x: f64, y: f64, width: f64, height: f64) {
    // What is there is seen, however little.
    let (width, height) =
        (if width > 0.0 { width.max(1.0) } else { 0.0 }, if height > 0.0 { height.max(1.0) } else { 0.0 });
    let place = format!("x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"");
    push(out, &["<rect class=\"", class, "\" ", &place, "/>"]);
}

/// A label that fits.
fn cut(label: &str) -> String {
    let columns = |c: char| if c.is_ascii() { 1 } else { 2 };
    if label.chars().map(columns).sum::<usize>() <= LABEL_COLUMNS {
        return label.to_owned();
    }
    let mut room = LABEL_COLUMNS - 1;
    let fits = |c: &char| room.checked_sub(columns(*c)).map(|left| room = left).is_some();
    let mut short: String = label.chars().take_while(fits).collect();
    short.push('…');
    short
}
