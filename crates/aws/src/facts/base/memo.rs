//! What costs thought is worked out once for a context, and kept by whoever computes it.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// One value of each type.
#[derive(Debug, Default)]
pub(crate) struct Memo(RefCell<BTreeMap<TypeId, Rc<dyn Any>>>);

impl Memo {
    /// The value of this type, made now if it is the first time.
    pub fn get<T: Any>(&self, make: impl FnOnce() -> T) -> Rc<T> {
        let found = self.0.borrow().get(&TypeId::of::<T>()).map(Rc::clone);
        // Nothing is borrowed while the value is made, because that may ask for others.
        found.and_then(|found| found.downcast().ok()).unwrap_or_else(|| {
            let value = Rc::new(make());
            self.0.borrow_mut().insert(TypeId::of::<T>(), Rc::<T>::clone(&value));
            value
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::Memo;

    #[test]
    fn a_value_is_made_once_and_may_ask_for_another() {
        let (memo, made) = (Memo::default(), Cell::new(0));
        let text = || {
            made.set(made.get() + 1);
            memo.get(|| 7_u8).to_string()
        };
        assert_eq!((memo.get(text).as_str(), memo.get(text).as_str()), ("7", "7"));
        assert_eq!((made.get(), *memo.get(|| 8_u8)), (1, 7));
    }
}
