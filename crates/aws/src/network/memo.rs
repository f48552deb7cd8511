//! What is worked out once, when it is first asked for: a large estate has far more rules and
//! tables than any question touches.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Values by key.
#[derive(Debug)]
pub(crate) struct KeyedMemo<K, V>(RefCell<BTreeMap<K, Rc<V>>>);

impl<K, V> Default for KeyedMemo<K, V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: Ord, V> KeyedMemo<K, V> {
    /// The value of this key, made now if it is the first time.
    pub fn get(&self, key: K, make: impl FnOnce() -> V) -> Rc<V> {
        let found = self.0.borrow().get(&key).map(Rc::clone);
        // Nothing is borrowed while the value is made, because that may ask for others.
        found.unwrap_or_else(|| {
            let value = Rc::new(make());
            self.0.borrow_mut().insert(key, Rc::clone(&value));
            value
        })
    }
}
