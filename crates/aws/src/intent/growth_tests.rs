//! Planned growth as it is written.

use super::{Growth, Intent};

fn read(text: &str) -> Result<Option<Growth>, String> {
    Intent::from_yaml("f.yaml", text).map(|intent| intent.growth).map_err(|error| error.to_string())
}

fn plan(nodes: i64, types: &[&str], pods: Option<i64>) -> Growth {
    let instance_types = types.iter().map(ToString::to_string).collect();
    Growth { nodes, instance_types, pods, subnets: Vec::new() }
}

#[test]
fn growth_is_nodes_types_and_perhaps_pods() {
    let written = "growth: { nodes: 50, instance_types: [m6i.large], pods: 900 }";
    assert_eq!(read(written), Ok(Some(plan(50, &["m6i.large"], Some(900)))));
    let metal = "growth: { nodes: 1, instance_types: [u-6tb1.metal, m5.large] }";
    assert_eq!(read(metal), Ok(Some(plan(1, &["u-6tb1.metal", "m5.large"], None))));
    assert_eq!(read("features: {}"), Ok(None));
}

#[test]
fn a_plan_that_cannot_be_meant_is_an_error_with_its_place() {
    for (written, said) in [
        (
            "growth:\n  nodes: 0\n  instance_types: [m6i.large]",
            "f.yaml:2:10: growth.nodes: '0' is not a valid count",
        ),
        ("growth:\n  nodes: 5\n  instance_types: []", "growth.instance_types: the list is empty"),
        (
            "growth:\n  nodes: 5\n  instance_types: [large]",
            "f.yaml:3:20: growth.instance_types: 'large' is not an instance type",
        ),
        ("growth:\n  nodes: 5\n  instance_types: [m6i.large]\n  subnets: [eni-1]", "growth.subnets"),
        ("growth:\n  instance_types: [m6i.large]", "nodes"),
    ] {
        let error = read(written).unwrap_err();
        assert!(error.contains(said), "{written}: {error}");
    }
}

#[test]
fn flags_replace_the_plan_of_the_file() {
    let of_file = || Intent { growth: Some(plan(5, &["m5.large"], Some(70))), ..Intent::default() };
    let types = ["m6i.large".to_owned()];
    let both = of_file().merge_growth(Some(50), &types, Some(900)).unwrap().growth;
    assert_eq!(both, Some(plan(50, &["m6i.large"], Some(900))));
    let nodes = of_file().merge_growth(Some(50), &[], None).unwrap().growth;
    assert_eq!(nodes, Some(plan(50, &["m5.large"], Some(70))));
    assert_eq!(of_file().merge_growth(None, &[], None).unwrap(), of_file());
    let error = |nodes, types: &[String]| {
        Intent::default().merge_growth(nodes, types, Some(9)).unwrap_err().to_string()
    };
    assert!(error(None, &types).starts_with("--nodes: set the number"));
    assert!(error(Some(3), &[]).starts_with("--instance-type: set the type"));
    assert!(error(Some(-3), &types).starts_with("--nodes: '-3'"));
    assert!(error(Some(3), &["Large".to_owned()]).starts_with("--instance-type: 'Large'"));
}
