//! The parts of a parsed rule.

use bson::Bson;

/// Something that holds or does not.
#[derive(PartialEq)]
pub(super) enum Expression {
    /// `true`, `false`, or no rule at all.
    Constant(bool),
    /// `%and`, and the fields of an object.
    All(Vec<Expression>),
    /// `%or`
    Any(Vec<Expression>),
    /// `%not`, and with [`Expression::Any`] also `%nor`. What it negates is understood in every part.
    Not(Box<Expression>),
    /// `%function`: the result is `true`.
    Asks(FunctionCall),
    /// `"%%user.id": …`: the operand fulfils every comparison.
    Compares(Operand, Vec<Comparison>),
    /// Denies, for this reason.
    NotUnderstood(String),
}

/// What an operand is compared with, and how.
#[derive(PartialEq)]
pub(super) enum Comparison {
    /// `%eq`, and a plain value.
    Equals(Operand),
    /// `%ne`
    NotEquals(Operand),
    /// `%in`
    In(List),
    /// `%nin`
    NotIn(List),
    /// `%exists`
    Exists(Operand),
    /// `%gt`
    Greater(Operand),
    /// `%gte`
    GreaterOrEqual(Operand),
    /// `%lt`
    Less(Operand),
    /// `%lte`
    LessOrEqual(Operand),
    /// `%function`: the operand equals its result.
    EqualsResult(FunctionCall),
}

/// The list of `%in` and `%nin`.
#[derive(PartialEq)]
pub(super) enum List {
    /// As the rule has it. An item may be an expansion.
    Of(Vec<Operand>),
    /// What an expansion stands for. Its items are not expanded in turn, because they are not written by the author of
    /// the rule.
    At(Path),
}

/// A value.
#[derive(PartialEq)]
pub(super) enum Operand {
    /// As the rule has it; `%%true` and `%%false` too.
    Literal(Bson),
    /// What an expansion stands for.
    At(Path),
}

/// `%%user.data.email`: the way to a value of the scope.
#[derive(PartialEq)]
pub(super) struct Path {
    pub(super) root: Root,
    pub(super) keys: Vec<String>,
}

/// Where a path begins.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Root {
    User,
    Request,
    Values,
    Environment,
}

/// `{"name": …, "arguments": […]}`
#[derive(PartialEq)]
pub(super) struct FunctionCall {
    pub(super) name: String,
    pub(super) arguments: Vec<Operand>,
}
