//! Expressions: the one file that knows CEL.
//!
//! CEL itself has no notion of an unknown value, and lets `error || true` be true. So the logic
//! (`&&`, `||`, `!`, `?:`, `exists`, `all`) is done here, three-valued and without forgiving
//! errors; only what lies between (comparisons, arithmetic, `size`, …) is evaluated by the crate,
//! and only where everything that it touches is known.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators as op,
};
use cel::objects::{Key, Map};
use cel::{Context, Env, Value as Cel};
use serde_json::Value;

use crate::known::{self, Known};

use super::field_path::{FieldPath, Nothing, Scope, Step};

/// The functions that expressions may call.
pub(super) const FUNCTIONS: &[&str] = &[
    "size",
    "startsWith",
    "endsWith",
    "contains",
    "matches",
    "has",
    "exists",
    "exists_one",
    "all",
    "filter",
    "map",
];

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A compiled expression that is true, false or unknown.
#[derive(Debug)]
pub(super) struct Expression {
    /// As written.
    pub source: String,
    node: Node,
    /// Every path that it touches, in full.
    pub paths: BTreeSet<FieldPath>,
    /// Those of the paths that stand where a boolean is needed.
    pub booleans: BTreeSet<FieldPath>,
    /// The functions that it calls, operators aside.
    pub functions: BTreeSet<String>,
}

/// Why an expression does not compile.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotAnExpression {
    pub message: String,
    /// Line and column within the expression, from one.
    pub at: (usize, usize),
}

#[derive(Debug)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    If(Box<[Node; 3]>),
    /// `exists` (`any`) or `all` over the members of a list.
    Each {
        range: FieldPath,
        variable: String,
        body: Box<Node>,
        any: bool,
    },
    Path(FieldPath),
    Atom(Atom),
}

#[derive(Debug)]
struct Atom {
    /// With each path that can be looked up replaced by the variable `$n`.
    expr: IdedExpr,
    inputs: Vec<FieldPath>,
    touches: Vec<Touch>,
}

#[derive(Debug)]
struct Touch {
    path: FieldPath,
    /// Whether everything below the path counts too.
    deep: bool,
}

/// Names that an expression binds itself, with the paths of their values where they have one.
type Bound = Vec<(String, Option<FieldPath>)>;

impl Expression {
    /// Compiles an expression; paths and functions are for the caller to check.
    pub(super) fn compile(source: &str) -> Result<Self, NotAnExpression> {
        let program = ENV.compile(source).map_err(|errors| not_an_expression(&errors))?;
        let expr = program.expression();
        let mut walk = Walk::default();
        walk.expr(expr, true);
        let mut booleans = BTreeSet::new();
        let node = build(expr, &mut Vec::new(), &mut booleans);
        Ok(Self {
            source: source.to_owned(),
            node,
            paths: walk.touches.into_iter().map(|touch| touch.path).collect(),
            booleans,
            functions: walk.functions,
        })
    }

    /// What the expression is in this scope.
    ///
    /// # Errors
    /// A sentence about the mistake in the expression: no boolean, no such field, wrong types.
    pub(super) fn evaluate(&self, scope: &Scope<'_>) -> Result<Known<bool>, String> {
        evaluate(&self.node, scope)
    }
}

fn not_an_expression(errors: &cel::ParseErrors) -> NotAnExpression {
    let (message, (line, column)) =
        errors.errors.first().map_or(("not an expression", (1, 1)), |error| (error.msg.as_str(), error.pos));
    let from_one = |n: isize| usize::try_from(n).unwrap_or(1).max(1);
    NotAnExpression { message: shorten(message), at: (from_one(line), from_one(column)) }
}

fn build(expr: &IdedExpr, bound: &mut Bound, booleans: &mut BTreeSet<FieldPath>) -> Node {
    match &expr.expr {
        Expr::Call(CallExpr { func_name, args, .. }) => {
            let mut parts = |args: &[IdedExpr]| args.iter().map(|arg| build(arg, bound, booleans)).collect();
            match (func_name.as_str(), args.as_slice()) {
                (op::LOGICAL_AND, args) => return Node::All(parts(args)),
                (op::LOGICAL_OR, args) => return Node::Any(parts(args)),
                (op::LOGICAL_NOT, [arg]) => return Node::Not(Box::new(build(arg, bound, booleans))),
                (op::CONDITIONAL, [a, b, c]) => {
                    let parts = [a, b, c].map(|part| build(part, bound, booleans));
                    return Node::If(Box::new(parts));
                }
                _ => {}
            }
        }
        Expr::Comprehension(comprehension) => {
            if let Some((any, body)) = quantifier(comprehension)
                && let Some(range) = plain_path(&comprehension.iter_range)
            {
                let full = full_path(&comprehension.iter_range, bound).map(|path| path.then(Step::Each));
                bound.push((comprehension.iter_var.clone(), full));
                let body = Box::new(build(body, bound, booleans));
                bound.pop();
                return Node::Each { range, variable: comprehension.iter_var.clone(), body, any };
            }
        }
        _ => {
            if let Some(path) = plain_path(expr) {
                booleans.extend(full_path(expr, bound));
                return Node::Path(path);
            }
        }
    }
    let mut walk = Walk::default();
    walk.expr(expr, true);
    let mut expr = expr.clone();
    let mut inputs = Vec::new();
    replace_paths(&mut expr, &mut Vec::new(), &mut inputs);
    Node::Atom(Atom { expr, inputs, touches: walk.touches })
}

/// What `exists` (true) and `all` (false) ask of each member.
fn quantifier(comprehension: &ComprehensionExpr) -> Option<(bool, &IdedExpr)> {
    let (Expr::Literal(LiteralValue::Boolean(_)), Expr::Call(step)) =
        (&comprehension.accu_init.expr, &comprehension.loop_step.expr)
    else {
        return None;
    };
    match (step.func_name.as_str(), step.args.as_slice()) {
        (op::LOGICAL_OR, [_, body]) => Some((true, body)),
        (op::LOGICAL_AND, [_, body]) => Some((false, body)),
        _ => None,
    }
}

/// What `filter` goes through: its members are members of that.
fn filtered(comprehension: &ComprehensionExpr) -> Option<&IdedExpr> {
    let (Expr::List(_), Expr::Call(step)) = (&comprehension.accu_init.expr, &comprehension.loop_step.expr)
    else {
        return None;
    };
    let Some(Expr::Call(add)) = step.args.get(1).map(|arg| &arg.expr) else { return None };
    let Some(Expr::List(list)) = add.args.get(1).map(|arg| &arg.expr) else { return None };
    let member = list.elements.first().map(|element| &element.expr);
    (step.func_name == op::CONDITIONAL && member == Some(&Expr::Ident(comprehension.iter_var.clone())))
        .then_some(&comprehension.iter_range)
}

/// The path that field selections on a variable spell.
fn plain_path(expr: &IdedExpr) -> Option<FieldPath> {
    match &expr.expr {
        Expr::Ident(name) => Some(FieldPath { root: name.clone(), steps: Vec::new() }),
        Expr::Select(select) if !select.test => {
            Some(plain_path(&select.operand)?.then(Step::Field(select.field.clone())))
        }
        _ => None,
    }
}

/// The path of an expression from a variable of the rule; `None` where it has none.
fn full_path(expr: &IdedExpr, bound: &Bound) -> Option<FieldPath> {
    match &expr.expr {
        Expr::Ident(name) => match bound.iter().rev().find(|(variable, _)| variable == name) {
            Some((_, path)) => path.clone(),
            None => plain_path(expr),
        },
        Expr::Select(select) => {
            Some(full_path(&select.operand, bound)?.then(Step::Field(select.field.clone())))
        }
        Expr::Call(call) if call.func_name == op::INDEX => {
            let list = full_path(call.args.first()?, bound)?;
            match call.args.get(1).map(|index| &index.expr) {
                Some(Expr::Literal(LiteralValue::String(key))) => {
                    Some(list.then(Step::Field(key.inner().to_owned())))
                }
                _ => Some(list.then(Step::Each)),
            }
        }
        Expr::Comprehension(comprehension) => full_path(filtered(comprehension)?, bound),
        _ => None,
    }
}

/// Collects what an expression touches.
#[derive(Default)]
struct Walk {
    bound: Bound,
    touches: Vec<Touch>,
    functions: BTreeSet<String>,
}

impl Walk {
    fn expr(&mut self, expr: &IdedExpr, deep: bool) {
        if !matches!(expr.expr, Expr::Comprehension(_))
            && let Some(path) = full_path(expr, &self.bound)
        {
            let test = matches!(&expr.expr, Expr::Select(select) if select.test);
            self.touches.push(Touch { path, deep: deep && !test });
            self.beneath(expr);
            return;
        }
        match &expr.expr {
            Expr::Select(select) => self.expr(&select.operand, deep),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, deep),
            Expr::List(list) => list.elements.iter().for_each(|element| self.expr(element, true)),
            Expr::Map(map) => map.entries.iter().for_each(|entry| self.entry(&entry.expr)),
            Expr::Struct(made) => {
                self.functions.insert(made.type_name.clone());
            }
            Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
        }
    }

    /// What a path's own text touches besides: indices, and the filters that it goes through.
    fn beneath(&mut self, expr: &IdedExpr) {
        match &expr.expr {
            Expr::Select(select) => self.beneath(&select.operand),
            Expr::Call(call) => {
                call.args.iter().skip(1).for_each(|index| self.expr(index, true));
                call.args.first().into_iter().for_each(|list| self.beneath(list));
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, false),
            _ => {}
        }
    }

    fn entry(&mut self, entry: &EntryExpr) {
        match entry {
            EntryExpr::MapEntry(entry) => {
                self.expr(&entry.key, true);
                self.expr(&entry.value, true);
            }
            EntryExpr::StructField(field) => self.expr(&field.value, true),
        }
    }

    fn call(&mut self, call: &CallExpr) {
        let name = call.func_name.as_str();
        if name == op::OPT_SELECT || name == op::OPT_INDEX || !name.starts_with(['_', '!', '-', '@']) {
            self.functions.insert(name.to_owned());
        }
        let compares_to_null = matches!(name, op::EQUALS | op::NOT_EQUALS)
            && call.args.iter().any(|arg| arg.expr == Expr::Literal(LiteralValue::Null));
        let deep = !(name == "size" || compares_to_null);
        call.target.iter().for_each(|target| self.expr(target, deep));
        call.args.iter().for_each(|arg| self.expr(arg, deep));
    }

    fn comprehension(&mut self, comprehension: &ComprehensionExpr, deep: bool) {
        let range = full_path(&comprehension.iter_range, &self.bound);
        // A filter passes members on, so what is done with its result decides how deep it touches them.
        let passes_on = filtered(comprehension).is_some();
        self.expr(&comprehension.iter_range, passes_on && deep);
        self.bound.push((comprehension.iter_var.clone(), range.map(|path| path.then(Step::Each))));
        self.bound.extend(comprehension.iter_var2.iter().map(|name| (name.clone(), None)));
        self.bound.push((comprehension.accu_var.clone(), None));
        match &comprehension.loop_step.expr {
            Expr::Call(step) if passes_on => {
                step.args.iter().take(1).for_each(|asked| self.expr(asked, true));
            }
            _ => self.expr(&comprehension.loop_step, true),
        }
        self.bound.truncate(self.bound.len() - 2 - usize::from(comprehension.iter_var2.is_some()));
    }
}

/// Replaces the paths whose variables are not bound within the expression by `$0`, `$1`, ….
fn replace_paths(expr: &mut IdedExpr, bound: &mut Vec<String>, inputs: &mut Vec<FieldPath>) {
    if let Some(path) = plain_path(expr).filter(|path| !bound.contains(&path.root)) {
        let at = inputs.iter().position(|input| *input == path).unwrap_or_else(|| {
            inputs.push(path);
            inputs.len() - 1
        });
        expr.expr = Expr::Ident(format!("${at}"));
        return;
    }
    match &mut expr.expr {
        Expr::Select(select) => replace_paths(&mut select.operand, bound, inputs),
        Expr::Call(call) => {
            call.target.iter_mut().for_each(|target| replace_paths(target, bound, inputs));
            call.args.iter_mut().for_each(|arg| replace_paths(arg, bound, inputs));
        }
        Expr::List(list) => list.elements.iter_mut().for_each(|item| replace_paths(item, bound, inputs)),
        Expr::Map(map) => {
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    replace_paths(&mut entry.key, bound, inputs);
                    replace_paths(&mut entry.value, bound, inputs);
                }
            }
        }
        Expr::Comprehension(comprehension) => {
            replace_paths(&mut comprehension.iter_range, bound, inputs);
            let outside = bound.len();
            bound.push(comprehension.iter_var.clone());
            bound.extend(comprehension.iter_var2.clone());
            bound.push(comprehension.accu_var.clone());
            replace_paths(&mut comprehension.accu_init, bound, inputs);
            replace_paths(&mut comprehension.loop_cond, bound, inputs);
            replace_paths(&mut comprehension.loop_step, bound, inputs);
            replace_paths(&mut comprehension.result, bound, inputs);
            bound.truncate(outside);
        }
        Expr::Struct(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

fn evaluate(node: &Node, scope: &Scope<'_>) -> Result<Known<bool>, String> {
    match node {
        Node::All(parts) => known::try_all(parts.iter().map(|part| evaluate(part, scope))),
        Node::Any(parts) => known::try_any(parts.iter().map(|part| evaluate(part, scope))),
        Node::Not(part) => Ok(known::not(evaluate(part, scope)?)),
        Node::If(parts) => {
            let [condition, yes, no] = &**parts;
            match evaluate(condition, scope)? {
                Ok(true) => evaluate(yes, scope),
                Ok(false) => evaluate(no, scope),
                Err(missing) => {
                    let (yes, no) = (evaluate(yes, scope)?, evaluate(no, scope)?);
                    Ok(if yes == no { yes } else { Err(missing) })
                }
            }
        }
        Node::Each { range, variable, body, any } => {
            let members = match range.look(scope) {
                Ok(Value::Array(members)) => members,
                Ok(_) => return Err(format!("`{range}` is not a list")),
                Err(nothing) => return unknown(nothing),
            };
            let each = members.iter().map(|member| {
                let mut inner = scope.clone();
                inner.push((variable, member));
                evaluate(body, &inner)
            });
            if *any { known::try_any(each) } else { known::try_all(each) }
        }
        Node::Path(path) => match path.look(scope) {
            Ok(Value::Bool(value)) => Ok(Ok(*value)),
            Ok(other) => Err(format!("`{path}` is {}, not true or false", shorten(&other.to_string()))),
            Err(nothing) => unknown(nothing),
        },
        Node::Atom(atom) => evaluate_atom(atom, scope),
    }
}

fn evaluate_atom(atom: &Atom, scope: &Scope<'_>) -> Result<Known<bool>, String> {
    let mut missing = BTreeSet::new();
    atom.touches.iter().for_each(|touch| touch.path.missing(scope, touch.deep, &mut missing));
    if !missing.is_empty() {
        return Ok(Err(missing.into_iter().collect()));
    }
    let mut context = Context::with_env(Arc::clone(&ENV));
    for (at, path) in atom.inputs.iter().enumerate() {
        match path.look(scope) {
            Ok(value) => context.add_variable_from_value(format!("${at}"), to_cel(value)),
            Err(nothing) => return unknown(nothing),
        }
    }
    match Cel::resolve(&atom.expr, &context) {
        Ok(Cel::Bool(value)) => Ok(Ok(value)),
        Ok(other) => Err(format!("the result is a {}, not true or false", other.type_of())),
        Err(error) => Err(shorten(&error.to_string())),
    }
}

fn unknown(nothing: Nothing) -> Result<Known<bool>, String> {
    match nothing {
        Nothing::Unknown(missing) => Ok(Err(missing.into_iter().collect())),
        Nothing::Mistake(mistake) => Err(mistake),
    }
}

/// Whole numbers become `int` whatever their sign: CEL does no arithmetic between `int` and `uint`.
fn to_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(value) => Cel::Bool(*value),
        Value::Number(number) => number
            .as_i64()
            .map(Cel::Int)
            .or_else(|| number.as_u64().map(Cel::UInt))
            .unwrap_or_else(|| Cel::Float(number.as_f64().unwrap_or(f64::NAN))),
        Value::String(text) => Cel::String(Arc::new(text.clone())),
        Value::Array(items) => Cel::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, field)| (Key::from(name.as_str()), to_cel(field)));
            Cel::Map(Map { map: Arc::new(fields.collect()) })
        }
    }
}

/// The crate's messages may hold whole values.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 160;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        line
    } else {
        line.chars().take(LONGEST).chain("…".chars()).collect()
    }
}
