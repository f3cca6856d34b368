//! The boundary between the template language and the functions that it can call.
//!
//! The language knows its own functions (`printf`, `eq`, `include` …). All others come from outside through [`Functions`], so
//! this module knows neither Helm nor YAML.

use super::super::origin::{Origin, Origins};
use super::super::text::Frame;
use super::super::value::Value;

/// One call of a function, as the function sees it.
#[derive(Debug)]
pub struct Call<'a> {
    /// All origins of the rendering; results of more than one part are noted here.
    pub origins: &'a mut Origins,
    /// The origin of the action that calls: what the function itself adds (quotes, indentation) comes from here.
    pub at: Origin,
    /// The template, branch or loop in which the call stands.
    pub frame: Frame,
    /// What the rendering may still spend.
    pub budget: &'a mut Budget,
}

/// A function. The error is Go's sentence, without the position in the template.
pub type Function = fn(&mut Call<'_>, &[Value]) -> Result<Value, String>;

/// The functions that a template may call beside the language's own.
pub trait Functions {
    /// The function of this name.
    fn find(&self, name: &str) -> Option<Function>;
    /// A method that every map has, given the map: what a field of this name is where the map has no such key.
    fn map_method(&self, _name: &str) -> Option<Function> {
        None
    }
}

/// What a whole rendering may spend. A template that never ends, or that doubles a text forty times, ends here.
#[derive(Debug)]
pub struct Budget {
    steps: u64,
    bytes: u64,
}

impl Default for Budget {
    /// Fifty times the steps that the largest public charts take, and four times the text that they make.
    fn default() -> Self {
        Self::new(8_000_000, 256 << 20)
    }
}

impl Budget {
    /// So many steps of work, and so many bytes of text.
    pub const fn new(steps: u64, bytes: u64) -> Self {
        Self { steps, bytes }
    }

    /// Spends steps: one for each action, call and element that is looked at.
    pub fn work(&mut self, steps: usize) -> Result<(), String> {
        match self.steps.checked_sub(steps as u64) {
            Some(left) => self.steps = left,
            None => {
                self.steps = 0;
                return Err("rendering takes too many steps: it may never end".to_owned());
            }
        }
        Ok(())
    }

    /// Spends bytes: those of every text that is made.
    pub fn bytes(&mut self, bytes: usize) -> Result<(), String> {
        match self.bytes.checked_sub(bytes as u64) {
            Some(left) => self.bytes = left,
            None => {
                self.bytes = 0;
                return Err("rendering makes too much text".to_owned());
            }
        }
        Ok(())
    }

    /// Whether nothing is left; then every further step fails.
    pub fn is_spent(&self) -> bool {
        self.steps == 0 || self.bytes == 0
    }
}
