//! Patterns of paths, in the two dialects that charts meet: Go's `filepath.Match` (.helmignore) and that of `.Files.Glob`.

/// A pattern of Go's `filepath.Match`: `*` and `?` do not cross `/`, `[a-z]` is one letter, `\` takes what follows as it is.
#[derive(Debug)]
pub(super) enum Pattern {
    /// Nothing in it stands for anything else.
    Plain(String),
    Tokens(Vec<Token>),
}

impl Pattern {
    /// Reads a pattern; none where it is malformed.
    pub(super) fn read(pattern: &str) -> Option<Self> {
        if !pattern.contains(['*', '?', '[', '\\']) {
            return Some(Self::Plain(pattern.to_owned()));
        }
        let letters: Vec<char> = pattern.chars().collect();
        Some(Self::Tokens(tokens(&letters, Dialect::Go)?))
    }

    /// Whether a path matches.
    pub(super) fn matches(&self, path: &str) -> bool {
        match self {
            Self::Plain(text) => text == path,
            Self::Tokens(tokens) => {
                let Some((tokens, path)) = behind_letters(tokens, path) else { return false };
                if let [Token::Many, letters @ ..] = tokens
                    && letters.iter().all(|token| matches!(token, Token::Letter(_)))
                {
                    return ends_in(path, letters).is_some_and(|before| !before.contains('/'));
                }
                let path: Vec<char> = path.chars().collect();
                matches(tokens, &path, &mut BUDGET.clone()).unwrap_or(false)
            }
        }
    }
}

/// What is left of tokens and path behind the letters that the tokens begin with; none where the path begins with others.
fn behind_letters<'p, 't>(tokens: &'t [Token], path: &'p str) -> Option<(&'t [Token], &'p str)> {
    let mut path = path.chars();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Letter(letter) if path.next()? == *letter => {}
            Token::Letter(_) => return None,
            _ => return Some((&tokens[at..], path.as_str())),
        }
    }
    Some((&[], path.as_str()))
}

/// What stands before these letters, if a path ends in them.
fn ends_in<'p>(path: &'p str, letters: &[Token]) -> Option<&'p str> {
    let mut path = path.chars();
    for token in letters.iter().rev() {
        let last = path.next_back()?;
        if !matches!(token, Token::Letter(letter) if *letter == last) {
            return None;
        }
    }
    Some(path.as_str())
}

/// Whether a path matches a pattern of `.Files.Glob`: as above, and `**` crosses `/`, `{a,b}` is one of several.
/// A malformed pattern matches everything, as it does in Helm.
pub(super) fn files_match(pattern: &str, path: &str) -> bool {
    let letters: Vec<char> = pattern.chars().collect();
    let path: Vec<char> = path.chars().collect();
    match tokens(&letters, Dialect::Files) {
        Some(tokens) => matches(&tokens, &path, &mut BUDGET.clone()).unwrap_or(false),
        None => true,
    }
}

/// How many steps one match may take; a pattern of stars could take exponentially many.
const BUDGET: u32 = 200_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Go,
    Files,
}

#[derive(Debug)]
pub(super) enum Token {
    Letter(char),
    /// `?`
    One,
    /// `*`
    Many,
    /// `**`
    All,
    /// `[…]`
    Range {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// `{…}`
    Either(Vec<Vec<Token>>),
}

fn tokens(pattern: &[char], dialect: Dialect) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < pattern.len() {
        let letter = pattern[at];
        at += 1;
        found.push(match letter {
            '*' if dialect == Dialect::Files && pattern.get(at) == Some(&'*') => {
                at += 1;
                Token::All
            }
            '*' => Token::Many,
            '?' => Token::One,
            '\\' => {
                at += 1;
                Token::Letter(*pattern.get(at - 1)?)
            }
            '[' => {
                let (token, end) = range(pattern, at, dialect)?;
                at = end;
                token
            }
            '{' if dialect == Dialect::Files => {
                let (choices, end) = choices(pattern, at)?;
                at = end;
                let choices: Option<Vec<_>> =
                    choices.into_iter().map(|(from, to)| tokens(&pattern[from..to], dialect)).collect();
                Token::Either(choices?)
            }
            letter => Token::Letter(letter),
        });
    }
    Some(found)
}

fn range(pattern: &[char], mut at: usize, dialect: Dialect) -> Option<(Token, usize)> {
    let negation = if dialect == Dialect::Go { '^' } else { '!' };
    let negated = pattern.get(at) == Some(&negation);
    at += usize::from(negated);
    let mut ranges = Vec::new();
    let letter = |at: &mut usize| -> Option<char> {
        let mut found = *pattern.get(*at)?;
        if found == '\\' {
            *at += 1;
            found = *pattern.get(*at)?;
        }
        *at += 1;
        Some(found)
    };
    loop {
        if pattern.get(at) == Some(&']') && !ranges.is_empty() {
            return Some((Token::Range { negated, ranges }, at + 1));
        }
        let low = letter(&mut at)?;
        let high = if pattern.get(at) == Some(&'-') && pattern.get(at + 1) != Some(&']') {
            at += 1;
            letter(&mut at)?
        } else {
            low
        };
        ranges.push((low, high));
    }
}

/// Where the alternatives of `{a,b}` begin and end, and where the whole ends.
fn choices(pattern: &[char], start: usize) -> Option<(Vec<(usize, usize)>, usize)> {
    let (mut found, mut from, mut at, mut depth) = (Vec::new(), start, start, 0);
    loop {
        match pattern.get(at)? {
            '\\' => at += 1,
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push((from, at));
                return Some((found, at + 1));
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push((from, at));
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
}

fn matches(tokens: &[Token], path: &[char], budget: &mut u32) -> Option<bool> {
    matches_then(tokens, path, budget, &mut |rest, _| Some(rest.is_empty()))
}

/// What follows the tokens has its say about what they leave of the path.
type Then<'t> = dyn FnMut(&[char], &mut u32) -> Option<bool> + 't;

fn matches_then(tokens: &[Token], path: &[char], budget: &mut u32, then: &mut Then<'_>) -> Option<bool> {
    *budget = budget.checked_sub(1)?;
    let Some((token, rest)) = tokens.split_first() else { return then(path, budget) };
    let first = path.first();
    let one = match token {
        Token::Letter(letter) => first == Some(letter),
        Token::One => first.is_some_and(|first| *first != '/'),
        Token::Range { negated, ranges } => first.is_some_and(|first| {
            *first != '/' && ranges.iter().any(|(low, high)| low <= first && first <= high) != *negated
        }),
        Token::Many | Token::All => {
            for skipped in 0..=path.len() {
                if matches_then(rest, &path[skipped..], budget, then)? {
                    return Some(true);
                }
                if matches!(token, Token::Many) && path.get(skipped) == Some(&'/') {
                    break;
                }
            }
            return Some(false);
        }
        Token::Either(choices) => {
            for choice in choices {
                let mut behind = |left: &[char], budget: &mut u32| matches_then(rest, left, budget, then);
                if matches_then(choice, path, budget, &mut behind)? {
                    return Some(true);
                }
            }
            return Some(false);
        }
    };
    if one { matches_then(rest, &path[1..], budget, then) } else { Some(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_files() {
        for (pattern, path, expected) in [
            ("config/*", "config/a.yaml", true),
            ("config/*", "config/b/a.yaml", false),
            ("config/**", "config/b/a.yaml", true),
            ("**.yaml", "config/b/a.yaml", true),
            ("**/*.json", "dashboards/x/a.json", true),
            ("dashboards/*.{json,yaml}", "dashboards/a.yaml", true),
            ("dashboards/*.{json,yaml}", "dashboards/a.yml", false),
            ("{a,b{c,d}}/x", "bd/x", true),
            ("file[0-9].txt", "file7.txt", true),
            ("file[!0-9].txt", "file7.txt", false),
            ("a\\*b", "a*b", true),
            ("?.txt", "/.txt", false),
            ("{unclosed", "anything", true),
        ] {
            assert_eq!(files_match(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn of_helmignore() {
        for (pattern, path, expected) in [
            ("*.swp", "x.swp", Some(true)),
            ("*/x", "a/x", Some(true)),
            ("*", "a/x", Some(false)),
            ("[^a]b", "cb", Some(true)),
            ("{a,b}", "a", Some(false)),
            ("[a", "a", None),
            ("templates/.?*", "templates/.x", Some(true)),
        ] {
            let matches = Pattern::read(pattern).map(|pattern| pattern.matches(path));
            assert_eq!(matches, expected, "{pattern} {path}");
        }
    }

    #[test]
    fn stars_without_end() {
        assert!(!files_match(&"*a".repeat(200), &"a".repeat(400).replace("aaaa", "aaab")));
    }
}
