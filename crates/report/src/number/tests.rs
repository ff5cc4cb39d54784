use super::*;

#[test]
fn money_has_sensible_digits() {
    let check = |amount: f64, expected: &str| assert_eq!(usd(amount), expected);
    check(2025.0, "2,025.00 USD");
    check(121.5, "121.50 USD");
    check(0.00675, "0.00675 USD");
    check(0.000_225, "0.000225 USD");
    check(0.5, "0.500 USD");
    check(1.0, "1.00 USD");
    check(0.999_9, "1.00 USD");
    check(1_234_567.8, "1,234,568 USD");
    check(-3.5, "−3.50 USD");
    check(0.0, "0 USD");
    check(f64::NAN, "unknown");
    check(1e-9, "0.00000000100 USD");
    check(1e-20, "0.000000000000 USD");
}

#[test]
fn ends_look_like_their_point() {
    assert_eq!(usd_near(0.006_1, 0.006_75), "0.00610 USD");
    assert_eq!(usd_near(1_050.4, 980.0), "1,050.40 USD");
    assert_eq!(usd_near(0.001, 3.0), "0.00100 USD");
    assert_eq!(usd_near(0.01, 3.0), "0.01 USD");
    assert_eq!(duration_near(0.98, 1.24), "0.98 s");
    assert_eq!(duration_near(1.1, 0.812), "1100 ms");
}

#[test]
fn budgets_keep_their_digits() {
    let check = |text: &str, expected: &str| {
        assert_eq!(exact_usd(text.parse().unwrap()), expected);
    };
    check("0.002", "0.002 USD");
    check("1500", "1,500 USD");
    check("121.5", "121.50 USD");
}

#[test]
fn times_change_unit_at_a_second() {
    let check = |seconds: f64, expected: &str| assert_eq!(duration(seconds), expected);
    check(0.000_42, "0.42 ms");
    check(0.812, "812 ms");
    check(0.999_6, "1.00 s");
    check(1.24, "1.24 s");
    check(12.34, "12.3 s");
    check(104.2, "104 s");
    check(-1.0, "unknown");
}

#[test]
fn rates_follow_their_intervals() {
    let wide = RateDigits::fixed(0);
    assert_eq!(
        wide.rate_with_span(Range::new(0.91, 0.86, 0.95)),
        "91 % (86–95 %)"
    );
    let narrow = RateDigits::for_widths([0.02, 0.09]);
    assert_eq!(
        narrow.points_with_span(Range::new(-0.021, -0.04, 0.003)),
        "−2.1 points (−4.0 to +0.3)"
    );
    assert_eq!(narrow.points(0.0), "0.0 points");
    assert_eq!(narrow.points(-0.000_1), "0.0 points");
    assert_eq!(wide.points(-0.01), "−1 point");
    assert_eq!(wide.rate(0.999), "99.9 %");
    assert_eq!(wide.rate(1.0), "100 %");
    assert_eq!(wide.rate(0.001), "0.1 %");
    assert_eq!(narrow.rate(f64::NAN), "unknown");
    assert_eq!(RateDigits::for_widths([]).rate(0.5), "50.0 %");
    assert_eq!(RateDigits::for_widths([0.002]).rate(0.912_34), "91.23 %");
}

#[test]
fn intervals_name_their_unit_once() {
    let written = |range: Range| range.written(duration_near);
    assert_eq!(written(Range::new(1.24, 1.1, 1.42)), "1.24 s (1.10–1.42 s)");
    let open = Range {
        high: None,
        ..Range::new(0.8, 0.7, 0.0)
    };
    assert_eq!(written(open), "800 ms (from 700 ms)");
    assert_eq!(Range { low: None, ..open }.written(duration_near), "800 ms");
    assert_eq!(
        Range::new(0.5, -0.1, 1.2).written(usd_near),
        "0.500 USD (−0.100 to 1.200 USD)"
    );
}

#[test]
fn thresholds_keep_their_digits() {
    assert_eq!(threshold(0.85), "85 %");
    assert_eq!(threshold(0.925), "92.5 %");
    assert_eq!(threshold(0.0), "0 %");
}

#[test]
fn counts_group_thousands() {
    assert_eq!(count(0), "0");
    assert_eq!(count(1_234_567), "1,234,567");
    assert_eq!(decimals(-1512.44, 1), "−1,512.4");
    assert_eq!(plural(1, "item"), "1 item");
    assert_eq!(plural(1319, "item"), "1,319 items");
}
