//! Catalogues of requirements.

use super::text::{judge, refused};
use tcpspec_core::requirement::{Catalogue, Tc8};

pub(crate) fn run(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    match Catalogue::read(&[(FILE, text)]) {
        Ok(catalogue) => {
            assert!(Catalogue::check(&[(FILE, text)]).is_empty());
            for row in catalogue.iter() {
                assert_eq!(catalogue.get(&row.id), Some(row));
                drop(row.citation());
            }
            if let Err(problem) = Tc8::read(FILE, text, &catalogue) {
                judge(&[problem], FILE, text);
            }
        }
        Err(problems) => refused(&problems, FILE, text),
    }
}

const FILE: &str = "cases/requirements/fuzz.yaml";
