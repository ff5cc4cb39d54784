//! Learners against closed forms.

use super::*;

#[test]
fn ridge_is_what_elimination_gives() {
    // Two columns, two outputs: (XᵀX + I) W = XᵀY with XᵀX = [[5, 2], [2, 5]], solved by hand.
    let rows: Vec<Row> = vec![vec![(0, 1.0), (1, 2.0)], vec![(0, 2.0)], vec![(1, 1.0)]];
    let rows: Vec<&Row> = rows.iter().collect();
    let y = [1.0, 0.0, 0.0, 1.0, 1.0, 1.0];
    let weights = ridge(&rows, 2, &y, 2, 1.0);
    // XᵀY = [[1, 2], [3, 1]]; the inverse of [[6, 2], [2, 6]] is [[6, -2], [-2, 6]] / 32.
    let expected = [0.0, 10.0 / 32.0, 16.0 / 32.0, 2.0 / 32.0];
    for (weight, expected) in weights.iter().zip(expected) {
        assert!((weight - expected).abs() < 1e-5, "{weights:?}");
    }
    let seen = predict(&rows, &weights, 2);
    assert!((seen[0] - 1.0).abs() < 1e-5);
}

#[test]
fn one_mean_is_shrunk_as_the_closed_form_says() {
    let x = vec![vec![1.0]; 4];
    let posterior = Bayes {
        x: &x,
        y: &[1.0, 0.0, 1.0, 1.0],
        precision: &[4.0; 4],
        prior_sd: &[0.5],
    }
    .fit();
    // Precision 4 + 16 = 20; mean 4 × 3 / 20.
    assert!((posterior.mean[0] - 0.6).abs() < 1e-12);
    assert!((posterior.sd(&[1.0]) - 20.0_f64.sqrt().recip()).abs() < 1e-12);
}

#[test]
fn rows_are_told_what_the_other_folds_say() {
    let x: Vec<Vec<f64>> = (0..20).map(|row| vec![1.0, f64::from(row % 3)]).collect();
    let y: Vec<f64> = (0..20).map(|row| f64::from(row * 7 % 5)).collect();
    let fold_of: Vec<usize> = (0..20).map(|row| row % 4).collect();
    let of = |keep: &dyn Fn(usize) -> bool| {
        let rows: Vec<usize> = (0..20).filter(|row| keep(*row)).collect();
        let x: Vec<Vec<f64>> = rows.iter().map(|row| x[*row].clone()).collect();
        let y: Vec<f64> = rows.iter().map(|row| y[*row]).collect();
        Bayes {
            x: &x,
            y: &y,
            precision: &vec![2.0; rows.len()],
            prior_sd: &[1.0, 0.5],
        }
        .fit()
        .mean
    };
    let bayes = Bayes {
        x: &x,
        y: &y,
        precision: &[2.0; 20],
        prior_sd: &[1.0, 0.5],
    };
    let (all, said) = bayes.fit_across(&fold_of, 4);
    for (mean, own) in all.mean.iter().zip(of(&|_| true)) {
        assert!((mean - own).abs() < 1e-9);
    }
    for (row, said) in said.iter().enumerate() {
        let mean = of(&|other| other % 4 != row % 4);
        assert!((said - dot(&x[row], &mean)).abs() < 1e-9, "{row}");
    }
}

#[test]
fn trees_find_a_step_and_nothing_in_a_constant() {
    let rows: Vec<Vec<f64>> = (0..200).map(|idx| vec![f64::from(idx), 1.0]).collect();
    let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
    let y: Vec<f32> = (0..200)
        .map(|idx| if idx < 100 { -1.0 } else { 1.0 })
        .collect();
    let bins = Bins::fit(&rows, 2);
    let trees = forest(&rows, &bins, (&y, 1), 100, 1);
    assert_eq!(trees, forest(&rows, &bins, (&y, 1), 100, 1));
    assert_ne!(trees, forest(&rows, &bins, (&y, 1), 100, 2));
    let at = |x: f64| {
        let mut out = [0.0];
        trees.iter().for_each(|tree| tree.add(&[x, 1.0], &mut out));
        out[0]
    };
    assert!(
        at(20.0) < -0.5 && at(180.0) > 0.5,
        "{} {}",
        at(20.0),
        at(180.0)
    );
    let few: Vec<&[f64]> = rows.iter().take(10).copied().collect();
    let none = forest(&few, &Bins::fit(&few, 2), (&[0.5; 10], 1), 3, 1);
    assert!(
        none.iter()
            .all(|tree| tree.leaves.iter().all(|leaf| leaf.is_finite()))
    );
}

#[test]
fn folds_are_even_and_seeded() {
    let alone: Vec<usize> = (0..103).collect();
    let a = folds(&alone, 5, 1);
    assert_eq!(a, folds(&alone, 5, 1));
    assert_ne!(a, folds(&alone, 5, 2));
    for fold in 0..5 {
        let n = a.iter().filter(|f| **f == fold).count();
        assert!((20..=21).contains(&n));
    }
}

/// Any number of outputs is worked on as each by itself: copies of one come to the same, to the last bit.
#[test]
fn outputs_beside_others_are_fitted_as_alone() {
    let mut state = 7;
    let mut unit = || (super::folds::split_mix(&mut state) >> 40) as f32 / (1_u32 << 24) as f32;
    let rows: Vec<Row> = (0..50_u32)
        .map(|row| {
            let of = |at: u32| (1 + (row * 7 + at * 13) % 90, unit() - 0.3);
            let mut row: Row = (0..12).map(of).collect();
            row.sort_by_key(|one| one.0);
            row
        })
        .collect();
    let rows: Vec<&Row> = rows.iter().collect();
    let y: Vec<f32> = rows.iter().map(|_| unit() - 0.5).collect();
    let surface: Vec<Vec<f64>> = (0..50)
        .map(|_| (0..4).map(|_| f64::from(unit())).collect())
        .collect();
    let surface: Vec<&[f64]> = surface.iter().map(Vec::as_slice).collect();
    let bins = Bins::fit(&surface, 4);
    let alone = ridge(&rows, 100, &y, 1, 5.0);
    let tree = forest(&surface, &bins, (&y, 1), 5, 3);
    // Columns that no row has weigh nothing.
    assert!(alone[0] == 0.0 && alone[99] == 0.0 && alone.iter().any(|one| *one != 0.0));
    for n in [2, 4, 8, 16] {
        let copies: Vec<f32> = y.iter().flat_map(|one| vec![*one; n]).collect();
        let found = ridge(&rows, 100, &copies, n, 5.0);
        for (own, one) in found.chunks_exact(n).zip(&alone) {
            assert!(
                own.iter().all(|weight| weight.to_bits() == one.to_bits()),
                "{n}"
            );
        }
        for (own, one) in forest(&surface, &bins, (&copies, n), 5, 3)
            .iter()
            .zip(&tree)
        {
            assert_eq!(own.splits, one.splits);
            for (own, one) in own.leaves.chunks_exact(n).zip(&one.leaves) {
                assert!(
                    own.iter().all(|leaf| leaf.to_bits() == one.to_bits()),
                    "{n}"
                );
            }
        }
    }
    // Numbers of outputs that fill no lot are those of their first.
    let three: Vec<f32> = y.iter().flat_map(|one| [*one, 0.5 * one, -one]).collect();
    let found = ridge(&rows, 100, &three, 3, 5.0);
    let nine: Vec<f32> = three
        .chunks_exact(3)
        .flat_map(|own| own.repeat(3))
        .collect();
    let wide = ridge(&rows, 100, &nine, 9, 5.0);
    for (own, wide) in found.chunks_exact(3).zip(wide.chunks_exact(9)) {
        assert_eq!(own.repeat(3), wide);
    }
}
