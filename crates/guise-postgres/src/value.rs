//! What statements take: few types of values, alone or as columns of many.

use std::borrow::Cow;

use tokio_postgres::types::ToSql;

/// A parameter of a statement.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Boolean(Option<bool>),
    Integers(Vec<i64>),
    Texts(Vec<String>),
}

/// A parameter as it is sent.
pub(crate) type Param = Box<dyn ToSql + Send + Sync>;

impl Value {
    pub(crate) fn param(self) -> Param {
        match self {
            Self::Integer(value) => Box::new(value),
            Self::Text(value) => Box::new(value),
            Self::Bytes(value) => Box::new(value),
            Self::Boolean(value) => Box::new(value),
            Self::Integers(values) => Box::new(values),
            Self::Texts(values) => Box::new(values),
        }
    }
}

/// The values that several who run the same statement give for one of its parameters.
#[derive(Debug)]
pub(crate) enum Column {
    Integers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Booleans(Vec<Option<bool>>),
}

impl Column {
    /// A column that begins with this value, if there can be columns of its type.
    pub(crate) fn of(value: Value) -> Option<Self> {
        Some(match value {
            Value::Integer(value) => Self::Integers(vec![value]),
            Value::Text(value) => Self::Texts(vec![value]),
            Value::Bytes(value) => Self::Bytes(vec![value]),
            Value::Boolean(value) => Self::Booleans(vec![value]),
            Value::Integers(_) | Value::Texts(_) => return None,
        })
    }

    /// Adds a value; whether it is of the column's type.
    pub(crate) fn push(&mut self, value: Value) -> bool {
        match (self, value) {
            (Self::Integers(column), Value::Integer(value)) => column.push(value),
            (Self::Texts(column), Value::Text(value)) => column.push(value),
            (Self::Bytes(column), Value::Bytes(value)) => column.push(value),
            (Self::Booleans(column), Value::Boolean(value)) => column.push(value),
            _ => return false,
        }
        true
    }

    /// What `PostgreSQL` calls the column's type, as an array.
    pub(crate) fn array(&self) -> &'static str {
        match self {
            Self::Integers(_) => "bigint[]",
            Self::Texts(_) => "text[]",
            Self::Bytes(_) => "bytea[]",
            Self::Booleans(_) => "boolean[]",
        }
    }

    pub(crate) fn param(self) -> Param {
        match self {
            Self::Integers(values) => Box::new(values),
            Self::Texts(values) => Box::new(values),
            Self::Bytes(values) => Box::new(values),
            Self::Booleans(values) => Box::new(values),
        }
    }
}

macro_rules! values {
    ($($from:ty => $variant:ident $into:expr;)*) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant($into(value))
            }
        }
    )*};
}

values! {
    i64 => Integer Some;
    Option<i64> => Integer |value| value;
    &Option<i64> => Integer |value: &Option<i64>| *value;
    &i64 => Integer |value: &i64| Some(*value);
    bool => Boolean Some;
    &bool => Boolean |value: &bool| Some(*value);
    Option<bool> => Boolean |value| value;
    &str => Text |value: &str| Some(value.to_owned());
    &String => Text |value: &String| Some(value.clone());
    String => Text Some;
    Option<&str> => Text |value: Option<&str>| value.map(str::to_owned);
    Option<String> => Text |value| value;
    Cow<'_, str> => Text |value: Cow<'_, str>| Some(value.into_owned());
    Option<Cow<'_, str>> => Text |value: Option<Cow<'_, str>>| value.map(Cow::into_owned);
    &[u8] => Bytes |value: &[u8]| Some(value.to_vec());
    Vec<u8> => Bytes Some;
    Option<&[u8]> => Bytes |value: Option<&[u8]>| value.map(<[u8]>::to_vec);
    Option<Vec<u8>> => Bytes |value| value;
    Vec<i64> => Integers |value| value;
    Vec<String> => Texts |value| value;
}

/// What a statement takes.
pub(crate) trait Params {
    /// In their order.
    fn list(self) -> Vec<Value>;
}

macro_rules! tuples {
    ($(($($name:ident),*))*) => {
        $(impl<$($name: Into<Value>),*> Params for ($($name,)*) {
            #[expect(clippy::allow_attributes, reason = "the empty tuple has no names")]
            #[allow(non_snake_case, reason = "names of types serve as names of values")]
            fn list(self) -> Vec<Value> {
                let ($($name,)*) = self;
                vec![$($name.into()),*]
            }
        })*
    };
}

tuples! {
    ()
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
    (A, B, C, D, E, F)
    (A, B, C, D, E, F, G)
    (A, B, C, D, E, F, G, H)
    (A, B, C, D, E, F, G, H, I)
    (A, B, C, D, E, F, G, H, I, J)
    (A, B, C, D, E, F, G, H, I, J, K)
    (A, B, C, D, E, F, G, H, I, J, K, L, M, N)
    (A, B, C, D, E, F, G, H, I, J, K, L, M, N, O)
}
