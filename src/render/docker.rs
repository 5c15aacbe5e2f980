//! The docker format: one variable per line, without quotes or escapes, as `docker run --env-file` reads it.

use super::{conf::Pairs, conf_error::ConfError};

/// The length in bytes from which on docker's scanner cannot read a line.
pub(super) const LINE_LIMIT: usize = 64 * 1024;

/// Reads as docker's `kvfile` does.
///
/// # Errors
/// Whatever docker refuses, and a name without `=`, whose value docker takes from its own environment.
pub(super) fn parse(conf: &[u8]) -> Result<Pairs, ConfError> {
    let text = std::str::from_utf8(conf)
        .map_err(|error| ConfError::at(conf, error.valid_up_to(), "docker reads UTF-8 only"))?;
    let mut pairs = Pairs::new();
    let mut offset = 0;
    for whole in text.split_inclusive('\n') {
        let error = |message: &str| ConfError::at(conf, offset, message);
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        if line.len() >= LINE_LIMIT {
            return Err(error("docker cannot read a line of 64 KiB"));
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        let unmarked = line.strip_prefix('\u{FEFF}').filter(|_| offset == 0);
        let line = unmarked.unwrap_or(line).trim_start();
        if !line.is_empty() && !line.starts_with('#') {
            let (name, value) = line
                .split_once('=')
                .ok_or_else(|| error("expected `NAME=value`"))?;
            if name.is_empty() || name.contains(char::is_whitespace) {
                return Err(error("expected a variable name before `=`"));
            }
            pairs.push((name.to_owned(), value.as_bytes().to_vec()));
        }
        offset += whole.len();
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_the_rest_of_its_line() {
        let read = parse("# c\n\n  A= 'x' # y \r\nB==\nC=".as_bytes());
        let pairs = [("A", " 'x' # y "), ("B", "="), ("C", "")];
        let pairs = pairs.map(|(n, v)| (n.to_owned(), v.as_bytes().to_vec()));
        assert_eq!(read, Ok(pairs.to_vec()));
    }

    #[test]
    fn what_docker_refuses_is_refused_at_its_line() {
        for (conf, line) in [("A=x\nB\n", 2), ("=x\n", 1), ("A =x\n", 1)] {
            assert_eq!(parse(conf.as_bytes()).unwrap_err().line, line, "{conf:?}");
        }
        let longest = format!("A={}\n", "x".repeat(LINE_LIMIT - 3));
        assert!(parse(longest.as_bytes()).is_ok());
        assert!(parse(format!("A{longest}").as_bytes()).is_err());
    }
}
