//! Reading token pairs from random links. The unit tests of `EmailToken` have the examples.

use doorward_client::EmailToken;

#[test]
fn no_text_makes_it_panic() {
    bolero::check!()
        .with_type::<String>()
        .with_iterations(20_000)
        .for_each(|text| {
            let _ = text.parse::<EmailToken>();
            let _ = format!("x?token={text}&tokenId={text}").parse::<EmailToken>();
        });
}

#[test]
fn a_pair_survives_all_kinds_of_damage_together() {
    bolero::check!()
        .with_type::<(Vec<u8>, u8, u16)>()
        .with_iterations(5_000)
        .for_each(|(bytes, damages, at)| {
            let digit = |byte: &u8| char::from(b"0123456789abcdef"[usize::from(byte % 16)]);
            let mut hex: String = bytes.iter().map(digit).collect();
            hex.push_str(&"a".repeat(152));
            let pair = EmailToken::new(&hex[..128], &hex[128..152]).unwrap();
            let mut link = format!("app://x?lang=en&token={}&tokenId={}&v=1", pair.token(), pair.token_id());
            let damaged = |bit: u8| damages & (1 << bit) != 0;
            if damaged(0) {
                link = link.replace('&', "&amp;");
            }
            if damaged(1) {
                link = link.replace('=', "=3D");
            }
            if damaged(2) {
                let at = 30 + usize::from(*at) % 80;
                link.insert_str(at, "=\r\n");
            }
            if damaged(3) {
                link = format!("<{link}>.");
            }
            assert_eq!(link.parse(), Ok(pair), "{link}");
        });
}
