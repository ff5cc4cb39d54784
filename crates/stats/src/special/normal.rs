//! The standard normal distribution.
//!
//! In: z values or probabilities. Out: probabilities exact to about 1e-14 relative in both tails, and
//! quantiles exact to about 1e-15. It does not know means or variances.
//! Source: power series of Φ near zero, Laplace's continued fraction of the tail beyond 2.5 (Abramowitz
//! and Stegun 26.2.11 and 26.2.14); quantile by Wichura, algorithm AS 241, Applied Statistics 37 (1988).

#![expect(
    clippy::excessive_precision,
    reason = "coefficients stand as published"
)]

const SERIES_UNTIL: f64 = 2.5;
const FRACTION_TERMS: u32 = 50;

/// Returns the density at `z`.
#[must_use]
pub fn pdf(z: f64) -> f64 {
    0.398_942_280_401_432_7 * (-0.5 * z * z).exp()
}

/// Returns `P(Z <= z)`, in [0, 1].
#[must_use]
pub fn cdf(z: f64) -> f64 {
    upper_tail(-z)
}

/// Returns `P(Z > z)`, in [0, 1], without losing digits where it is small.
#[must_use]
pub fn upper_tail(z: f64) -> f64 {
    if z < -SERIES_UNTIL {
        1.0 - upper_tail(-z)
    } else if z <= SERIES_UNTIL {
        0.5 - pdf(z) * odd_series(z)
    } else {
        let fraction = (1..=FRACTION_TERMS)
            .rev()
            .fold(z, |rest, k| z + f64::from(k) / rest);
        pdf(z) / fraction
    }
}

/// Returns z with `P(Z <= z) = p`; minus or plus infinity at 0 and 1, NaN outside [0, 1].
#[must_use]
pub fn quantile(p: f64) -> f64 {
    let centred = p - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        return centred * ratio(r, &CENTRE);
    }
    let tail = p.min(1.0 - p);
    if tail.is_nan() || tail < 0.0 {
        return f64::NAN;
    }
    if tail == 0.0 {
        return f64::INFINITY.copysign(centred);
    }
    let r = (-tail.ln()).sqrt();
    let magnitude = if r <= 5.0 {
        ratio(r - 1.6, &MIDDLE)
    } else {
        ratio(r - 5.0, &FAR)
    };
    magnitude.copysign(centred)
}

/// Sum of z^(2k+1) / (1·3·5···(2k+1)).
fn odd_series(z: f64) -> f64 {
    let mut term = z;
    let mut sum = z;
    let mut odd = 3.0;
    while term.abs() > 1e-17 * sum.abs() {
        term *= z * z / odd;
        sum += term;
        odd += 2.0;
    }
    sum
}

struct Rational {
    numerator: [f64; 8],
    denominator: [f64; 8],
}

fn ratio(r: f64, rational: &Rational) -> f64 {
    let horner =
        |coefficients: &[f64; 8]| coefficients.iter().rev().fold(0.0, |sum, c| sum * r + c);
    horner(&rational.numerator) / horner(&rational.denominator)
}

const CENTRE: Rational = Rational {
    numerator: [
        3.387_132_872_796_366_608,
        133.141_667_891_784_377_45,
        1_971.590_950_306_551_442_7,
        13_731.693_765_509_461_125,
        45_921.953_931_549_871_457,
        67_265.770_927_008_700_853,
        33_430.575_583_588_128_105,
        2_509.080_928_730_122_672_7,
    ],
    denominator: [
        1.0,
        42.313_330_701_600_911_252,
        687.187_007_492_057_908_3,
        5_394.196_021_424_751_107_7,
        21_213.794_301_586_595_867,
        39_307.895_800_092_710_61,
        28_729.085_735_721_942_674,
        5_226.495_278_852_854_561,
    ],
};

const MIDDLE: Rational = Rational {
    numerator: [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_9,
        5.769_497_221_460_691_405_5,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        0.241_780_725_177_450_611_77,
        0.022_723_844_989_269_184_583_3,
        7.745_450_142_783_414_076_4e-4,
    ],
    denominator: [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_4,
        0.689_767_334_985_100_004_55,
        0.148_103_976_427_480_074_59,
        0.015_198_666_563_616_457_196_6,
        5.475_938_084_995_344_946e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
};

const FAR: Rational = Rational {
    numerator: [
        6.657_904_643_501_103_777_2,
        5.463_784_911_164_114_369_9,
        1.784_826_539_917_291_335_8,
        0.296_560_571_828_504_891_23,
        0.026_532_189_526_576_123_093,
        1.242_660_947_388_078_438_6e-3,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    denominator: [
        1.0,
        0.599_832_206_555_887_937_69,
        0.136_929_880_922_735_805_31,
        0.014_875_361_290_850_615_025_0,
        7.868_691_311_456_132_591e-4,
        1.846_318_317_510_054_681_8e-5,
        1.421_511_758_316_445_888_7e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_equal_scipy() {
        // scipy.stats.norm.sf, SciPy 1.17.
        let known = [
            (0.0, 0.5),
            (1.0, 0.158_655_253_931_457_05),
            (1.959_963_984_540_054, 0.025),
            (2.5, 0.006_209_665_325_776_132),
            (2.500_000_1, 0.006_209_663_572_946_309),
            (5.0, 2.866_515_718_791_939_3e-7),
            (10.0, 7.619_853_024_160_525e-24),
            (-3.0, 0.998_650_101_968_369_9),
        ];
        for (z, expected) in known {
            let got = upper_tail(z);
            assert!(
                (got - expected).abs() <= 2e-13 * expected,
                "{z}: {got} {expected}"
            );
        }
    }

    #[test]
    fn quantile_inverts_cdf() {
        for exponent in 1..200 {
            let p = 0.9_f64.powi(exponent);
            for p in [p, 1e-3 * p] {
                let back = cdf(quantile(p));
                assert!((back - p).abs() <= 4e-14 * p, "{p}: {back}");
            }
        }
        assert_eq!(quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(quantile(1.0), f64::INFINITY);
        assert!(quantile(-0.1).is_nan() && quantile(f64::NAN).is_nan());
    }
}
