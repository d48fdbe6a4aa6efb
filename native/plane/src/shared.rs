//! A long list of shared values, of which the next version changes a few.

use std::sync::Arc;

/// Values in one chunk: a change copies so many, and a pointer for each chunk.
const CHUNK: usize = 512;

/// A list whose copies share chunks until one of them changes something there. Values are small,
/// with what is large behind a pointer.
pub struct Shared<T> {
    chunks: Vec<Arc<[T]>>,
    len: usize,
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self {
            chunks: self.chunks.clone(),
            len: self.len,
        }
    }
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

impl<T: Clone> FromIterator<T> for Shared<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let values: Vec<T> = values.into_iter().collect();
        let chunks = values.chunks(CHUNK).map(Arc::from).collect();
        Self {
            chunks,
            len: values.len(),
        }
    }
}

impl<T> Shared<T> {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value with that number.
    #[inline]
    pub fn at(&self, number: usize) -> Option<&T> {
        self.chunks.get(number / CHUNK)?.get(number % CHUNK)
    }
}

impl<T: Clone> Shared<T> {
    /// Puts another value in its place; false if there is no such place.
    pub fn put(&mut self, number: usize, value: T) -> bool {
        let Some(chunk) = self.chunks.get_mut(number / CHUNK) else {
            return false;
        };
        match Arc::make_mut(chunk).get_mut(number % CHUNK) {
            Some(place) => {
                *place = value;
                true
            }
            None => false,
        }
    }
}
