//! Stages of API Gateway: who reaches them, and how often they may be asked.

use super::cloud::{Cloud, Dialect, Resource, Value, What};
use super::fields::{self, Field};
use super::resources::{At, Lowering};
use crate::fact::{Fact, Spot};
use crate::lower::messaging::{Link, Stage};
use crate::syntax::tree::NodeRef;

/// How often and how suddenly, in the settings of a stage, a method or a route.
const THROTTLES: [&str; 4] =
    ["ThrottlingRateLimit", "throttling_rate_limit", "ThrottlingBurstLimit", "throttling_burst_limit"];

/// What is attached to a stage, and bounds how often some callers, or all, may ask.
const GUARDS: [&str; 6] = [
    "AWS::ApiGateway::UsagePlan",
    "AWS::WAFRegional::WebACLAssociation",
    "AWS::WAFv2::WebACLAssociation",
    "aws_api_gateway_usage_plan",
    "aws_wafregional_web_acl_association",
    "aws_wafv2_web_acl_association",
];

/// The settings of the methods of a REST API, which Terraform has in a resource of their own.
const METHODS: &str = "aws_api_gateway_method_settings";

/// A resource that says something of stages, and the resources that it names.
#[derive(Debug)]
pub(super) struct Attachment {
    resource: u32,
    named: Vec<u32>,
}

impl Attachment {
    /// All of them; none where there is no stage.
    pub(super) fn all(cloud: &Cloud<'_>) -> Vec<Self> {
        if cloud.resources.iter().all(|resource| resource.what != What::Stage) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (resource, other) in (0_u32..).zip(&cloud.resources) {
            if other.kind == METHODS || GUARDS.contains(&other.kind) {
                found.push(Self { resource, named: cloud.mentioned(other.node, other.scope) });
            }
        }
        found
    }

    fn is_about(&self, stage: u32, api: Option<u32>) -> bool {
        self.named.iter().any(|named| *named == stage || Some(*named) == api)
    }
}

impl<'a> Lowering<'a, '_> {
    pub(super) fn stage(&mut self, at: At, handle: u32, resource: &Resource<'a>) {
        // SAM makes a stage for each of its APIs.
        let is_api = matches!(resource.kind, "AWS::Serverless::Api" | "AWS::Serverless::HttpApi");
        let api = match self.cloud.link(resource, &fields::STAGE_API).into_value() {
            _ if is_api => Some(handle),
            Some(Link::To(api)) => Some(api),
            _ => None,
        };
        let stage = Stage {
            system: at.system,
            node: resource.node,
            label: resource.label,
            private: self.private(resource, api),
            rate: self.rate(resource, handle, api),
            guarded: self.guarded(resource, handle, api),
        };
        self.found.stages.push(stage);
    }

    /// API Gateway Developer Guide, "API endpoint types for REST APIs": private ones are reached from a VPC only. HTTP APIs and
    /// WebSocket APIs are never private; a REST API is one where it says so.
    fn private(&self, stage: &Resource<'a>, api: Option<u32>) -> Fact<'a, bool> {
        if matches!(
            stage.kind,
            "AWS::ApiGatewayV2::Stage" | "AWS::Serverless::HttpApi" | "aws_apigatewayv2_stage"
        ) {
            return Fact::plain(false);
        }
        let Some(api) = api.map(|api| &self.cloud.resources[api as usize]) else {
            return Fact::unknown("its API is in no file");
        };
        let said = self.cloud.property(api, &fields::API_ENDPOINT);
        match said.value() {
            Some(node) if node.walk().any(|node| node.text() == "PRIVATE") => {
                Fact::written(true, Spot::value(*node))
            }
            Some(node) if node.walk().any(NodeRef::is_unknown) => {
                Fact::unknown_at("who reaches it is only known at run time", Spot::value(*node))
            }
            _ if said.is_unknown() => said.map(|_| false),
            _ => Fact::plain(false),
        }
    }

    fn rate(&self, stage: &Resource<'a>, handle: u32, api: Option<u32>) -> Fact<'a, f64> {
        let settings: [&'static Field; 3] =
            [&fields::STAGE_METHODS, &fields::STAGE_DEFAULT, &fields::STAGE_ROUTES];
        let mut parts = Vec::new();
        for field in settings {
            for layer in &stage.layers {
                let said = self.cloud.property_in(&[*layer], stage.scope, field);
                if said.is_unknown() {
                    return said.map(|_| 0.0);
                }
                parts.extend(said.value().map(|node| (*node, stage.scope)));
            }
        }
        for attached in self.attachments.iter().filter(|attached| attached.is_about(handle, api)) {
            let other = &self.cloud.resources[attached.resource as usize];
            if other.kind == METHODS {
                let settings = other.node.get("settings").or_else(|| other.node.get("dynamic"));
                parts.extend(settings.map(|node| (node, other.scope)));
            }
        }
        for (part, scope) in &parts {
            let throttles = |node: &NodeRef<'a>| node.key().is_some_and(|key| THROTTLES.contains(&key));
            for node in part.walk().filter(throttles) {
                let written = Fact::written(node, Spot::value(node));
                let rate = self.cloud.scalar(written, *scope, |text| text.trim().parse::<f64>().ok());
                // Terraform, aws_api_gateway_method_settings: "-1 (throttling disabled)".
                if rate.value().is_none_or(|rate| *rate >= 0.0) {
                    return rate;
                }
            }
        }
        let hidden = |(part, scope): &(NodeRef<'a>, u32)| {
            part.key() == Some("dynamic") || matches!(self.cloud.value(*part, *scope), Value::Unknown(_))
        };
        match parts.iter().find(|part| hidden(part)) {
            Some((node, _)) => {
                Fact::unknown_at("its settings are only known at run time", Spot::value(*node))
            }
            None => Fact::absent(Spot::value(stage.node)),
        }
    }

    /// What is attached by a name that cannot be followed may be attached to any stage that it is deployed with, and the
    /// templates of one folder are often deployed beside each other.
    fn guarded(&self, stage: &Resource<'a>, handle: u32, api: Option<u32>) -> Fact<'a, bool> {
        let cloud = self.cloud;
        let own = cloud.stack(stage.scope);
        let mut loose = None;
        for attached in &self.attachments {
            let guard = &cloud.resources[attached.resource as usize];
            if guard.kind == METHODS {
                continue;
            }
            if attached.is_about(handle, api) {
                return Fact::written(true, Spot::key(guard.node));
            }
            let leads = |named: &u32| {
                let kind = cloud.resources[*named as usize].kind;
                [
                    "Stage",
                    "RestApi",
                    "LoadBalancing",
                    "Serverless",
                    "_stage",
                    "_rest_api",
                    "aws_lb",
                    "aws_alb",
                ]
                .iter()
                .any(|part| kind.contains(part))
            };
            let stack = cloud.stack(guard.scope);
            let apart = [stack.dialect, own.dialect].contains(&Dialect::Terraform);
            let beside = stack.name == own.name || !apart && folder(&stack.name) == folder(&own.name);
            if beside && !attached.named.iter().any(leads) {
                loose = Some(guard.node);
            }
        }
        match (loose, &own.open) {
            (Some(guard), _) => Fact::unknown_at(
                "what a usage plan or a web ACL is attached to is only known at run time",
                Spot::key(guard),
            ),
            (None, Some(reason)) => Fact::unknown(reason.0.clone()),
            (None, None) => Fact::plain(false),
        }
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
