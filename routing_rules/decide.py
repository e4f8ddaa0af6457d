"""Which upstream a request goes to, with what removed: first matching rule wins, no rule means deny. Pure."""

from __future__ import annotations

from gateway.model import Decision, Level, Upstream
from routing_rules.cloud_tags import runs_in_cloud, would_leave
from routing_rules.policy import CANARY_RULE, CLEARANCE_RULE, DEFAULT_RULE, CompiledRule, Policy, RuleContext


def decide(policy: Policy, context: RuleContext) -> Decision:
    """The decision on one request, with the rule and the reason. Never raises."""
    if policy.canary is not None and context.agent.spiffe_id == policy.canary[0]:
        return _canary(policy, policy.canary[1], context)
    if context.classification.level > context.agent.clearance:
        return _over_clearance(policy, context)
    for rule in policy.rules:
        if rule.matches(context):
            return _denied(policy, rule) if rule.deny else _routed(policy, rule, context)
    return Decision(
        allow=False,
        rule=DEFAULT_RULE,
        reason="no rule of the policy matched",
        policy_version=policy.version,
        message="No rule of the egress policy allows this request. Ask your security team for a rule that covers it.",
    )


def offers(upstream: Upstream, dialect: str, model: str) -> str | None:
    """The name of `model` at `upstream`; None if it does not speak `dialect`, does not have the model, or is ours and
    would hand the request on to the model's vendor. A request that has no model (a stored file, a list) has none there
    either: the empty name."""
    if dialect not in upstream.dialects:
        return None
    if not model:
        return ""
    named = upstream.models.get(model) or upstream.models.get("*") or None
    name = model if named == "*" else named
    return None if name is not None and would_leave(upstream, name) else name


def _canary(policy: Policy, upstream: Upstream, context: RuleContext) -> Decision:
    model = offers(upstream, context.dialect, context.model)
    if model is None:
        return Decision(False, CANARY_RULE, "the canary sink does not offer this", policy.version)
    return Decision(
        allow=True,
        rule=CANARY_RULE,
        reason="self-check of the gateway",
        policy_version=policy.version,
        upstreams=(upstream,),
        upstream=upstream,
        model=model,
        profile=policy.profiles["all"],
    )


def _over_clearance(policy: Policy, context: RuleContext) -> Decision:
    level, clearance = context.classification.level, context.agent.clearance
    return Decision(
        allow=False,
        rule=CLEARANCE_RULE,
        reason=f"level {level.label} is above the agent's clearance {clearance.label}",
        policy_version=policy.version,
        message=f"This request is {level.label}, and this agent is cleared for {_at_most(clearance)} only. "
        "Remove what makes it so, or ask your security team for a higher clearance.",
    )


def _at_most(level: Level) -> str:
    return level.label if level is Level.PUBLIC else f"at most {level.label}"


def _denied(policy: Policy, rule: CompiledRule) -> Decision:
    return Decision(allow=False, rule=rule.id, reason=rule.reason, policy_version=policy.version, message=rule.deny)


def _routed(policy: Policy, rule: CompiledRule, context: RuleContext) -> Decision:
    usable = tuple(
        each
        for each in rule.route
        if each.id not in context.unavailable and offers(each, context.dialect, context.model) is not None
    )
    if usable:
        chosen = usable[0]
        return Decision(
            allow=True,
            rule=rule.id,
            reason=rule.reason,
            policy_version=policy.version,
            upstreams=usable,
            upstream=chosen,
            model=offers(chosen, context.dialect, context.model) or "",
            profile=rule.profile,
        )
    # The model's name is the client's text: it may hold anything and is not repeated here.
    away = any(offers(each, context.dialect, context.model) is not None for each in rule.route)
    why = "that offers this model is available now" if away else f"offers this model in the dialect {context.dialect}"
    if not away and runs_in_cloud(context.model):
        why = "may run a model whose tag ends in cloud: a local server hands its requests on to its vendor"
    return Decision(
        allow=False,
        rule=rule.id,
        reason=f"no upstream of this rule {why}",
        policy_version=policy.version,
        message=f"Rule {rule.id} of the egress policy applies to this request, but no upstream it names {why}. "
        + ("Try again later." if away else "Use a model from the list that GET /v1/models gives."),
    )
