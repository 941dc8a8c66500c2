//! What differs from one report of `tcpspec doctor` to the next.

/// Times, MAC addresses and what was measured of the clock, with a letter in their place.
pub(crate) fn masked(text: &str) -> String {
    text.lines().map(|line| masked_line(line) + "\n").collect()
}

fn masked_line(line: &str) -> String {
    if line.starts_with("ok      clock ") {
        let (before, _) = line.split_once("ticks").unwrap_or((line, ""));
        return format!("{before}…");
    }
    let mut words = line.split(' ');
    let mut masked = Vec::new();
    while let Some(word) = words.next() {
        let bare = word.trim_end_matches([',', ';', ':']);
        let punctuation = &word[bare.len()..];
        if is_mac(bare) {
            masked.push(format!("M{punctuation}"));
            continue;
        }
        masked.push(word.to_owned());
        if word == "after" {
            let unit = words.by_ref().nth(1).unwrap_or_default();
            let punctuation = unit.trim_start_matches(|c: char| c.is_alphabetic() || c == 'µ');
            masked.push(format!("T{punctuation}"));
        }
    }
    masked.join(" ")
}

fn is_mac(word: &str) -> bool {
    let octets: Vec<_> = word.split(':').collect();
    octets.len() == 6 && octets.iter().all(|octet| octet.len() == 2 && u8::from_str_radix(octet, 16).is_ok())
}

/// Whether the machine was so busy that the report is about that.
pub(crate) fn is_about_a_busy_machine(text: &str) -> bool {
    !text.lines().any(|line| line.starts_with("ok      clock "))
}
