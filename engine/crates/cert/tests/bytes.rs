//! Certificates as bytes.

use proptest::prelude::*;
use pxl_cert::{Lit, Model, Proof, Step};

proptest! {
    /// Arbitrary bytes are decoded or refused, and what is decoded is encoded to bytes that mean the same.
    #[test]
    fn decoding_never_panics(bytes in proptest::collection::vec(prop_oneof![0_u8..12, any::<u8>()], 0..60)) {
        if let Ok(proof) = Proof::decode(&bytes) {
            let again = Proof::decode(&proof.encode());
            prop_assert_eq!(again.as_ref().map(Proof::nodes), Ok(proof.nodes()));
            prop_assert_eq!(again.map(|again| again.step_count()), Ok(proof.step_count()));
        }
        if let Ok(model) = Model::decode(&bytes) {
            prop_assert_eq!(Model::decode(&model.encode()), Ok(model));
        }
    }

    /// A countermodel's truth values survive their byte form, whatever their number.
    #[test]
    fn valuations_round_trip(worlds in 1_usize..300, bits in proptest::collection::vec(any::<bool>(), 300)) {
        let mut words = vec![0_u64; 5];
        (0..worlds).filter(|&world| bits[world]).for_each(|world| words[world / 64] |= 1 << (world % 64));
        while words.last() == Some(&0) {
            words.pop();
        }
        let model = Model { worlds, valuations: vec![(b"p".as_slice().into(), words)] };
        prop_assert_eq!(Model::decode(&model.encode()), Ok(model));
    }
}

/// An announced count takes no memory, and a count that is more than what is left makes the certificate malformed.
#[test]
fn announced_counts_are_not_believed() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    assert!(Proof::decode(&huge).is_err());
    assert!(Model::decode(&[&[1][..], &huge].concat()).is_err());
    assert!(Proof::decode(&[&[1, 0][..], &huge].concat()).is_err());
}

/// Numbers may be longer than they need, and of any size; different numbers stay different.
#[test]
fn numbers_of_any_length_are_read() {
    let padded = Proof::decode(&[0x81, 0x80, 0x00, 1]).expect("one node, bottom");
    assert_eq!(padded.nodes().len(), 1);
    let mut big = vec![0x82; 20];
    big.push(1);
    let mut bigger = big.clone();
    bigger.push(0);
    bigger[20] = 0x81;
    let mut other = vec![0x84; 20];
    other.push(1);
    let bytes = [&[0, 1, 3][..], &big, &bigger, &other, &[0]].concat();
    let proof = Proof::decode(&bytes).expect("three literals of nodes that do not exist");
    let Some(Step::Rup { clause, .. }) = proof.steps().next() else { panic!("one step") };
    assert_eq!(clause[0], clause[1]);
    assert_ne!(clause[0], clause[2]);
    assert!(clause.iter().all(|lit: &Lit| lit.holds() && lit.node() >= 1));
}

/// Zero names no node and no clause, and a last number that is not complete is no number.
#[test]
fn malformed_bytes_are_refused() {
    for bytes in
        [&[][..], &[0x80], &[1, 3, 0], &[0, 1, 1, 0, 0], &[0, 1, 0, 1, 0], &[0, 3], &[1, 10], &[1, 0, 1, 0x80, 0x02]]
    {
        assert!(Proof::decode(bytes).is_err(), "{bytes:?}");
    }
    for bytes in [&[][..], &[0, 0], &[1, 0, 0], &[1, 1, 1, b'p', 2], &[0x80, 0x80, 4, 0]] {
        assert!(Model::decode(bytes).is_err(), "{bytes:?}");
    }
    assert!(Model::decode(&[0xff, 0xff, 3, 0]).is_ok());
}

/// Coq terms spell names as string literals, and long terms have line breaks.
#[test]
fn coq_terms_are_spelled() {
    let model = Model { worlds: 2, valuations: vec![(b"a\"b".as_slice().into(), vec![2])] };
    assert_eq!(model.coq().as_deref(), Ok("{| worlds := 2; valuation := [(\"a\"\"b\", [false; true])] |}"));
    let wide = Model { worlds: 300, valuations: vec![(b"p".as_slice().into(), vec![])] };
    assert!(wide.coq().is_ok_and(|term| term.lines().all(|line| line.len() <= 110)));
    let bytes = Model { worlds: 1, valuations: vec![(b"\xff".as_slice().into(), vec![])] };
    assert!(bytes.coq().is_err());
}
