//! Mail addresses: one spelling for each, so that one address is one account.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;

use crate::text;

/// The most bytes of a mail address (RFC 5321, with its erratum 1690), and of what stands before the `@`.
const MAIL_MAX: usize = 254;
const NAME_MAX: usize = 64;

/// The address as it is kept and compared: in lower case, its host as it stands in DNS (`bücher.example` is
/// `xn--bcher-kva.example`), without the dot that may end a host. `None`: it is none.
pub fn spell(text: &str) -> Option<String> {
    let text = text::visible(text);
    let (name, host) = text.rsplit_once('@')?;
    let name = name.nfkc().collect::<String>().to_lowercase();
    let host = host.strip_suffix(['.', '。', '．', '｡']).unwrap_or(host);
    let host = Uts46::new()
        .to_ascii(host.as_bytes(), AsciiDenyList::URL, Hyphens::Allow, DnsLength::Verify)
        .ok()?;
    let is_name = (1..=NAME_MAX).contains(&name.len())
        && !name.chars().any(|c| c == '@' || text::is_invisible(c));
    let mail = format!("{name}@{host}");
    (is_name && mail.len() <= MAIL_MAX).then_some(mail)
}

/// The address as it was kept before: trimmed, in lower case. Where two accounts had two spellings of one address, each
/// is still found by its own.
pub fn spell_as_before(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The address as people write it.
pub fn shown(mail: &str) -> String {
    let Some((name, host)) = mail.rsplit_once('@') else { return mail.to_owned() };
    let (host, _) = Uts46::new().to_unicode(host.as_bytes(), AsciiDenyList::URL, Hyphens::Allow);
    format!("{name}@{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mail_address_has_one_spelling() {
        for (text, mail) in [
            (" Minji@Example.ORG ", "minji@example.org"),
            ("root@localhost", "root@localhost"),
            ("minji@example.org.", "minji@example.org"),
            ("minji@example。org", "minji@example.org"),
            ("user@bücher.example", "user@xn--bcher-kva.example"),
            ("user@bu\u{308}cher.example", "user@xn--bcher-kva.example"),
            ("user@BÜCHER.example", "user@xn--bcher-kva.example"),
            ("user@XN--bcher-KVA.example", "user@xn--bcher-kva.example"),
            ("user@xn--bcher-kva.example.", "user@xn--bcher-kva.example"),
            ("user@faß.example", "user@xn--fa-hia.example"),
            ("민지@한국.한국", "민지@xn--3e0b707e.xn--3e0b707e"),
            ("\u{1106}\u{1175}\u{11ab}\u{110c}\u{1175}@example.org", "민지@example.org"),
            ("ｍｉｎｊｉ@ｅｘａｍｐｌｅ.org", "minji@example.org"),
            ("\u{2068}minji@example.org\u{2069}\u{200b}", "minji@example.org"),
            ("a_b@under_score.example", "a_b@under_score.example"),
        ] {
            assert_eq!(spell(text).as_deref(), Some(mail), "{text}");
            assert_eq!(spell(mail).as_deref(), Some(mail), "{mail} again");
        }
    }

    #[test]
    fn what_is_no_mail_address_is_none() {
        let long = format!("{}@example.org", "a".repeat(65));
        let longer = format!("a@{}.example", "b".repeat(64));
        for text in [
            "",
            "minji",
            "@x.org",
            "a@",
            "a@b@c",
            "a b@c.org",
            "a@.org",
            "a@b..c",
            "a@b.c..",
            &long,
            &longer,
            "a@b c.org",
            "a\u{200b}b@c.org",
            "a@xn--a.example",
            "a@.",
            "a@[127.0.0.1]",
            "a@b/c",
        ] {
            assert_eq!(spell(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_is_shown_as_people_write_it() {
        assert_eq!(shown("user@xn--bcher-kva.example"), "user@bücher.example");
        assert_eq!(shown("minji@example.org"), "minji@example.org");
        assert_eq!(shown("no address"), "no address");
    }
}
