//! PROXY headers: any octets at all are one, the beginning of one, or none.
#![no_main]

use gtm_plane::proxy::{Header, read};
use libfuzzer_sys::fuzz_target;

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fuzz_target!(|octets: &[u8]| {
    check(octets);
    check(&[SIGNATURE, octets].concat());
});

/// What is said of a header holds whatever comes behind it, and not before it is whole.
fn check(octets: &[u8]) {
    let said = read(octets);
    match said {
        Header::Whole { size, .. } => {
            assert!(size <= octets.len());
            assert_eq!(read(&octets[..size]), said);
            assert_eq!(read(&octets[..size - 1]), Header::Short);
        }
        Header::Short => assert!(octets.len() < 16 + 1024),
        Header::Malformed => assert_eq!(read(&[octets, &[0]].concat()), said),
    }
}
