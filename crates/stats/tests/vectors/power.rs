use trilemma_stats::Confidence;
use trilemma_stats::power::{
    DiscordantRates, detectable_difference, items_for_mcnemar, items_for_noninferiority,
    items_to_detect, mcnemar_power,
};

use crate::support::{CLOSED, close, list, number, vectors};

#[test]
fn data_power() {
    let Some(file) = vectors("power") else { return };
    let cases = list(&file["cases"]);
    assert_eq!(cases.len(), 5);
    for case in cases {
        let discordant = number(&case["p_discordant"]);
        let rates = DiscordantRates::new(discordant, number(&case["delta"])).unwrap();
        let confidence = Confidence::new(1.0 - number(&case["alpha_two_sided"])).unwrap();
        let power = number(&case["power"]);
        let items = |field: &str| number(&case[field]).ceil() as usize;
        assert_eq!(
            items_to_detect(rates, confidence, power),
            Ok(items("n_paired_z"))
        );
        let connor = items_for_mcnemar(rates, confidence, power).unwrap();
        assert_eq!(connor, items("n_connor_mcnemar"));
        let exact = mcnemar_power(rates, connor, confidence).unwrap();
        close(
            exact,
            &case["exact_mcnemar_power_at_ceil_connor"],
            CLOSED,
            "exact power",
        );
        let even = DiscordantRates::new(discordant, 0.0).unwrap();
        let got = items_for_noninferiority(even, 0.03, Confidence::P95, power);
        assert_eq!(got, Ok(items("n_noninferiority_true0_margin03_onesided05")));
        let differences = case["mde_n"].as_object().unwrap();
        assert_eq!(differences.len(), 4);
        for (n, expected) in differences {
            let got =
                detectable_difference(discordant, n.parse().unwrap(), confidence, power).unwrap();
            close(got, expected, CLOSED, "detectable difference");
        }
    }
}
