//! The house as data: packages, their rooms, the layers of the facts, the crates that stay behind a door, and the
//! words that the core does not know.

/// The packages, bottom first: each may import those before it.
pub const PACKAGES: &[(&str, &str)] =
    &[("core", "crates/core/src/"), ("aws", "crates/aws/src/"), ("audit", "src/")];

/// Room → the rooms that it may import, besides itself. `core::*` is the whole package.
pub const ROOMS: &[(&str, &[&str])] = &[
    ("core::known", &[]),
    ("core::proxy", &[]),
    ("core::time", &[]),
    ("core::yaml", &[]),
    ("core::sets", &["core::known"]),
    ("core::path", &["core::known", "core::sets"]),
    ("core::observation", &[]),
    ("core::header", &["core::observation"]),
    ("core::subject", &["core::known"]),
    ("core::pack", &[]),
    ("core::intent", &["core::yaml"]),
    ("core::report", &["core::known", "core::path", "core::header"]),
    ("core::rule", &["core::known", "core::subject", "core::yaml", "core::pack", "core::report"]),
    ("core::drift", &["core::report"]),
    ("core::render", &["core::observation", "core::report", "core::drift"]),
    ("core::lib", &["core::*"]),
    ("aws::ids", &["core::*"]),
    ("aws::catalogue", &["core::*"]),
    (
        "aws::snapshot",
        &["aws::catalogue", "core::known", "core::proxy", "core::time", "core::observation", "core::header"],
    ),
    ("aws::intent", &["aws::ids", "aws::catalogue", "core::intent"]),
    (
        "aws::network",
        &[
            "aws::ids",
            "aws::snapshot",
            "core::known",
            "core::sets",
            "core::path",
            "core::header",
            "core::report",
        ],
    ),
    (
        "aws::facts",
        &[
            "aws::ids",
            "aws::catalogue",
            "aws::snapshot",
            "aws::intent",
            "aws::network",
            "core::known",
            "core::proxy",
            "core::time",
            "core::sets",
            "core::path",
            "core::subject",
            "core::observation",
            "core::header",
            "core::intent",
            "core::yaml",
            "core::report",
            "core::rule",
        ],
    ),
    ("aws::pack", &["aws::*", "core::*"]),
    ("aws::lib", &["aws::*", "core::*"]),
    ("audit::cli", &["core::report", "core::render"]),
    (
        "audit::collect",
        &["aws::ids", "aws::snapshot", "core::time", "core::proxy", "core::observation", "core::header"],
    ),
    ("audit::providers", &["aws::*", "core::*"]),
    ("audit::commands", &["audit::*", "aws::*", "core::*"]),
    ("audit::main", &["audit::*", "aws::*", "core::*"]),
    ("audit::lib", &["audit::*", "aws::*", "core::*"]),
];

/// The folders of the facts, bottom first: each may import those before it. A file beside them is below all of
/// them; `mod.rs` is above.
pub const FACTS: &[&str] = &[
    "base",
    "inventory",
    "features",
    "iam",
    "endpoints",
    "capacity",
    "ends",
    "names",
    "serving",
    "flows",
    "trace",
    "forwarders",
    "subjects",
];

/// What only tests may import, and what may import everything.
pub const TEST_SUPPORT: &str = "test_support";

/// Crates of others that not everybody may name.
pub struct Foreign {
    /// How a crate's name begins; the whole name, if no `_` is at the end.
    pub names: &'static [&'static str],
    pub only: &'static [&'static str],
    /// In one file only.
    pub one_file: bool,
    pub rule: &'static str,
}

pub const FOREIGN: &[Foreign] = &[
    Foreign {
        names: &["aws_"],
        only: &["src/collect/"],
        one_file: false,
        rule: "only collect may name the AWS SDK",
    },
    Foreign {
        names: &["tokio", "tokio_"],
        only: &["src/"],
        one_file: false,
        rule: "what is offline may not name tokio",
    },
    Foreign {
        names: &["cel"],
        only: &["crates/core/src/rule/"],
        one_file: true,
        rule: "one file of the rules may name CEL",
    },
];

/// Macros and functions, without `std::`, that print or exit.
pub const PRINTING: &[&str] = &["println", "eprintln", "print", "eprint", "dbg", "process::exit"];

/// Who may print and exit.
pub const TERMINAL: &[&str] = &["src/main.rs", "src/commands/"];

/// Where the words of AWS are not known: neither in code and strings, nor in comments and published descriptions.
pub const CORE: &str = "crates/core/";

pub const WORDS_OF_AWS: &[&str] =
    &["aws", "amazon", "eks", "ec2", "ecr", "efs", "eni", "iam", "vpc", "arn", "fargate", "route53"];

/// A word that the core may have after all.
pub struct Exception {
    /// How the file's path begins.
    pub file: &'static str,
    /// As it is spelt.
    pub word: &'static str,
    /// The line has one of these.
    pub with: &'static [&'static str],
    pub reason: &'static str,
}

pub const EXCEPTIONS: &[Exception] = &[
    Exception {
        file: "crates/core/src/report/",
        word: "vpc",
        with: &["vpc:"],
        reason: "the report's field is contract",
    },
    Exception {
        file: "crates/core/src/subject/",
        word: "vpc",
        with: &["vpc:"],
        reason: "the report's field is contract",
    },
    Exception {
        file: "crates/core/src/rule/engine.rs",
        word: "vpc",
        with: &[".vpc"],
        reason: "the report's field is contract",
    },
    Exception {
        file: "crates/core/src/render/",
        word: "vpc",
        with: &[".vpc"],
        reason: "the table prints the report's field",
    },
    Exception {
        file: "crates/core/src/render/table/report/",
        word: "VPC",
        with: &["target.vpc"],
        reason: "the table prints the report's field",
    },
    Exception {
        file: "crates/core/src/observation.rs",
        word: "vpc",
        with: &["rename"],
        reason: "the probe's fields are contract",
    },
    Exception {
        file: "crates/core/src/report/",
        word: "VPC",
        with: &["/// The network (VPC) "],
        reason: "the description of the report's field says what the field is named after",
    },
    Exception {
        file: "crates/core/src/subject/",
        word: "VPC",
        with: &["/// The network (VPC) "],
        reason: "the description of the report's field says what the field is named after",
    },
    Exception {
        file: "crates/core/src/render/table/unknowns.rs",
        word: "iam",
        with: &["iam-policy"],
        reason: "the command's name is contract",
    },
    Exception {
        file: "crates/core/src/sets/ports.rs",
        word: "aws",
        with: &["<https://docs.aws.amazon.com/"],
        reason: "a citation of the page that the ports are from",
    },
    Exception {
        file: "crates/core/src/sets/ports.rs",
        word: "amazon",
        with: &["<https://docs.aws.amazon.com/"],
        reason: "a citation of the page that the ports are from",
    },
    Exception {
        file: "crates/core/src/sets/ports.rs",
        word: "vpc",
        with: &["<https://docs.aws.amazon.com/"],
        reason: "a citation of the page that the ports are from",
    },
    Exception {
        file: "crates/core/src/render/forwarders/",
        word: "EKS",
        with: &["{}"],
        reason: "comments of a DNS server's configuration, which names the provider's objects",
    },
    Exception {
        file: "crates/core/src/render/forwarders/",
        word: "VPC",
        with: &["{}", "only the VPC answers"],
        reason: "comments of a DNS server's configuration, which names the provider's objects",
    },
    Exception {
        file: "crates/core/src/render/forwarders/",
        word: "AWS",
        with: &["{}"],
        reason: "comments of a DNS server's configuration, which names the provider's objects",
    },
];
