//! How are days shown?

use std::fmt::Write as _;

use crate::{Day, Fleet, Second};

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 46.0;
const GAP: f64 = 70.0;
const COLOURS: [&str; 3] = ["#b0b0b0", "#d2691e", "#1f6fb2"];

/// The curves: requests that come to the service, and calls that are answered.
pub fn svg(fleet: Fleet, days: &[Day]) -> String {
    let mut text = String::new();
    let (width, height) = (LEFT + WIDTH + 20.0, TOP + 2.0 * HEIGHT + GAP + 40.0);
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
    );
    for (place, day) in days.iter().enumerate() {
        let x = LEFT + 220.0 * number(place);
        let colour = COLOURS[place % COLOURS.len()];
        let _ = writeln!(
            text,
            "<rect x=\"{x}\" y=\"10\" width=\"14\" height=\"4\" fill=\"{colour}\"/><text x=\"{}\" y=\"17\">{}</text>",
            x + 20.0,
            day.name
        );
    }
    panel(&mut text, fleet, days, TOP, "requests per second", |second| second.requests);
    panel(&mut text, fleet, days, TOP + HEIGHT + GAP, "calls per second that are answered", |second| second.answered);
    text.push_str("</svg>\n");
    text
}

fn panel(text: &mut String, fleet: Fleet, days: &[Day], top: f64, title: &str, of: impl Fn(&Second) -> u32) {
    let most = days.iter().flat_map(|day| &day.seconds).map(&of).max().unwrap_or(1).max(1);
    let ceiling = f64::from(most.div_ceil(100) * 100);
    let x = |second: f64| LEFT + WIDTH * second / number(usize::try_from(fleet.end).unwrap_or(1));
    let y = |value: f64| top + HEIGHT - HEIGHT * value / ceiling;
    for (from, to, colour, name) in
        [(fleet.outage, fleet.brown_out, "#fbe3e1", "gone"), (fleet.brown_out, fleet.recovery, "#fdf3d8", "40 % back")]
    {
        let (from, to) = (x(number(usize::try_from(from).unwrap_or(0))), x(number(usize::try_from(to).unwrap_or(0))));
        let _ = writeln!(
            text,
            "<rect x=\"{from:.1}\" y=\"{top}\" width=\"{:.1}\" height=\"{HEIGHT}\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{}\" fill=\"#777\">{name}</text>",
            to - from,
            from + 6.0,
            top + 16.0
        );
    }
    let _ = writeln!(text, "<text x=\"{LEFT}\" y=\"{}\" font-weight=\"bold\">{title}</text>", top - 8.0);
    for part in 0..=4_u32 {
        let value = ceiling * f64::from(part) / 4.0;
        let _ = writeln!(
            text,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.0}</text>",
            LEFT + WIDTH,
            y(value),
            y(value),
            LEFT - 6.0,
            y(value) + 4.0
        );
    }
    for minute in 0..=fleet.end / 60 {
        let at = x(number(usize::try_from(minute * 60).unwrap_or(0)));
        let _ = writeln!(
            text,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{minute} min</text>",
            top + HEIGHT + 17.0
        );
    }
    for (place, day) in days.iter().enumerate() {
        let point = |(at, second): (usize, &Second)| format!("{:.1},{:.1}", x(number(at)), y(f64::from(of(second))));
        let points: Vec<_> = day.seconds.iter().enumerate().map(point).collect();
        let colour = COLOURS[place % COLOURS.len()];
        let _ = writeln!(
            text,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" points=\"{}\"/>",
            points.join(" ")
        );
    }
}

/// What the days taught.
const WHY: &str = "
Without a policy each call waits its 30 s: nobody answers more of them, at the price of a request for each call to a service that
is gone, and of the longest waits. `Policy::standard()` comes within half a percent of that with a quarter of the requests
while it is gone, and answers sooner. What it took, each number tried on this day and on others of other lengths:

* **Patience** (`patient`). Cut off at 10 s whatever happens, calls that nobody retries are answered to 48 % instead of 68 %: a service that
  works off a queue of more than 10 s then works for nobody (with retries and without a circuit it is 12 %). So an attempt is given up only
  for one that may fare better: it is alone, another endpoint would take it, or one that began later was answered. Who waits
  like all others keeps its place.
* **A circuit that opens for 5 s and at most 10 s**, spread by a half. With 60 s that double it stayed open through the whole of the
  time in which a part of the service was back. A probe costs a service that is gone little; the spread keeps clients from probing in step.
* **A share of failures counted over 10 s**, not 30: else attempts that began before the service came back open the circuit after it has.
* **A retry budget for each client that is small**: a tenth of the calls (as *Site Reliability Engineering* has it) and seven a minute, and
  what is not used fades within 10 s. Ten a second for each of 1,000 clients is no limit at all.

The platform's policy keeps its promises: 60 s, five failures, no budget.
";

/// A row's name, and what it says of a day.
type Row<'a> = (&'a str, &'a dyn Fn(&Day) -> String);

fn number(value: usize) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}

/// The figures, with the curves.
pub fn markdown(fleet: Fleet, days: &[Day]) -> String {
    let Fleet { clients, workers, outage, brown_out, recovery, end, .. } = fleet;
    let bears = number(workers) / fleet.work.as_secs_f64();
    let mut text = format!(
        "# A fleet through a bad day\n\nWritten by `cargo xtask fleet` from a simulation with a seed (`runtime/fleet`), in paused time: {clients} clients, each with a circuit and a\n\
         budget of its own, make {:.0} calls a second to a service that bears {bears:.0}. It is gone from second {outage} to {brown_out}, has 40 % of its capacity until\n\
         second {recovery}, and is well from then on. The clients do not wait for one call to make the next. A request that was given up is worked on all the\n\
         same, and nobody waits longer than 20 s in the queue.\n\n![the curves](fleet.svg)\n\n\
         | | {} |\n|---|{}\n",
        fleet.rate(),
        days.iter().map(|day| format!("`{}`", day.name)).collect::<Vec<_>>().join(" | "),
        "---|".repeat(days.len())
    );
    let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole.max(1));
    let rows: [Row<'_>; 8] = [
        ("requests for each call, in its first 5 seconds", &|day| {
            let sum = day.between(outage, outage + 5);
            format!("{:.2}", share(sum.requests, sum.calls))
        }),
        ("requests for each call, while it is gone", &|day| {
            let sum = day.between(outage, brown_out);
            format!("{:.2}", share(sum.requests, sum.calls))
        }),
        ("requests for each call, over the whole day", &|day| {
            let sum = day.between(0, end);
            format!("{:.2}", share(sum.requests, sum.calls))
        }),
        ("most requests in one second", &|day| day.worst(0, end).to_string()),
        ("calls answered while 40 % are back", &|day| {
            let sum = day.between(brown_out, recovery);
            format!("{:.0} %", 100.0 * share(sum.answered, sum.calls))
        }),
        ("half of those answers took at most", &|day| {
            format!("{:.1} s", f64::from(day.median_wait(brown_out, recovery)) / 1000.0)
        }),
        ("calls answered over the whole day", &|day| {
            let sum = day.between(0, end);
            format!("{:.0} %", 100.0 * share(sum.answered, sum.calls))
        }),
        ("seconds from its recovery until 95 % are answered again", &|day| {
            day.well_again(recovery).map_or_else(|| "not before the end".to_owned(), |after| after.to_string())
        }),
    ];
    for (name, of) in rows {
        let _ = writeln!(text, "| {name} | {} |", days.iter().map(of).collect::<Vec<_>>().join(" | "));
    }
    text.push_str(WHY);
    text
}
