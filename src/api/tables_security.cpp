// The field tables of security.hpp: the one description of these types that every function of this
// layer reads.
#include "api/enums.hpp"
#include "podctl/api/table_build.hpp"
#include "podctl/api/security.hpp"

namespace podctl::api {

PODCTL_TYPE(Capabilities, PODCTL_FIELD(add), PODCTL_FIELD(drop))

PODCTL_TYPE(SELinuxOptions, PODCTL_FIELD(user), PODCTL_FIELD(role), PODCTL_FIELD(type),
            PODCTL_FIELD(level))

PODCTL_TYPE(WindowsSecurityContextOptions, PODCTL_FIELD(gmsaCredentialSpecName),
            PODCTL_FIELD(gmsaCredentialSpec), PODCTL_FIELD(runAsUserName),
            PODCTL_FIELD(hostProcess))

PODCTL_TYPE(SeccompProfile, PODCTL_FIELD(type).need().one_of(enums::kSeccompProfileType),
            PODCTL_FIELD(localhostProfile))

PODCTL_TYPE(AppArmorProfile, PODCTL_FIELD(type).need().one_of(enums::kAppArmorProfileType),
            PODCTL_FIELD(localhostProfile))

PODCTL_TYPE(SecurityContext, PODCTL_FIELD(capabilities), PODCTL_FIELD(privileged),
            PODCTL_FIELD(seLinuxOptions), PODCTL_FIELD(windowsOptions), PODCTL_FIELD(runAsUser),
            PODCTL_FIELD(runAsGroup), PODCTL_FIELD(runAsNonRoot),
            PODCTL_FIELD(readOnlyRootFilesystem), PODCTL_FIELD(allowPrivilegeEscalation),
            PODCTL_FIELD(procMount).one_of(enums::kProcMountType), PODCTL_FIELD(seccompProfile),
            PODCTL_FIELD(appArmorProfile))

PODCTL_TYPE(Sysctl, PODCTL_FIELD(name).need(), PODCTL_FIELD(value).need())

PODCTL_TYPE(PodSecurityContext, PODCTL_FIELD(seLinuxOptions), PODCTL_FIELD(windowsOptions),
            PODCTL_FIELD(runAsUser), PODCTL_FIELD(runAsGroup), PODCTL_FIELD(runAsNonRoot),
            PODCTL_FIELD(supplementalGroups),
            PODCTL_FIELD(supplementalGroupsPolicy)
                .one_of(enums::kSupplementalGroupsPolicy)
                .gate("SupplementalGroupsPolicy"),
            PODCTL_FIELD(fsGroup), PODCTL_FIELD(sysctls),
            PODCTL_FIELD(fsGroupChangePolicy).one_of(enums::kPodFSGroupChangePolicy),
            PODCTL_FIELD(seccompProfile), PODCTL_FIELD(appArmorProfile),
            PODCTL_FIELD(seLinuxChangePolicy)
                .one_of(enums::kPodSELinuxChangePolicy)
                .gate("SELinuxChangePolicy"))

PODCTL_TYPE(Toleration, PODCTL_FIELD(key),
            PODCTL_FIELD_NAMED(operator_, "operator").one_of(enums::kTolerationOperator),
            PODCTL_FIELD(value), PODCTL_FIELD(effect).one_of(enums::kTaintEffect),
            PODCTL_FIELD(tolerationSeconds))

PODCTL_TYPE(NodeSelectorRequirement, PODCTL_FIELD(key).need(),
            PODCTL_FIELD_NAMED(operator_, "operator").need().one_of(enums::kNodeSelectorOperator),
            PODCTL_FIELD(values))

PODCTL_TYPE(NodeSelectorTerm, PODCTL_FIELD(matchExpressions), PODCTL_FIELD(matchFields))

PODCTL_TYPE(NodeSelector, PODCTL_FIELD(nodeSelectorTerms).need())

PODCTL_TYPE(PreferredSchedulingTerm, PODCTL_FIELD(weight).need(), PODCTL_FIELD(preference).need())

PODCTL_TYPE(NodeAffinity, PODCTL_FIELD(requiredDuringSchedulingIgnoredDuringExecution),
            PODCTL_FIELD(preferredDuringSchedulingIgnoredDuringExecution))

PODCTL_TYPE(PodAffinityTerm, PODCTL_FIELD(labelSelector), PODCTL_FIELD(namespaces),
            PODCTL_FIELD(topologyKey).need(), PODCTL_FIELD(namespaceSelector),
            PODCTL_FIELD(matchLabelKeys), PODCTL_FIELD(mismatchLabelKeys))

PODCTL_TYPE(WeightedPodAffinityTerm, PODCTL_FIELD(weight).need(),
            PODCTL_FIELD(podAffinityTerm).need())

PODCTL_TYPE(PodAffinity, PODCTL_FIELD(requiredDuringSchedulingIgnoredDuringExecution),
            PODCTL_FIELD(preferredDuringSchedulingIgnoredDuringExecution))

PODCTL_TYPE(PodAntiAffinity, PODCTL_FIELD(requiredDuringSchedulingIgnoredDuringExecution),
            PODCTL_FIELD(preferredDuringSchedulingIgnoredDuringExecution))

PODCTL_TYPE(Affinity, PODCTL_FIELD(nodeAffinity), PODCTL_FIELD(podAffinity),
            PODCTL_FIELD(podAntiAffinity))

PODCTL_TYPE(TopologySpreadConstraint, PODCTL_FIELD(maxSkew).need(),
            PODCTL_FIELD(topologyKey).need(),
            PODCTL_FIELD(whenUnsatisfiable).need().one_of(enums::kUnsatisfiableConstraintAction),
            PODCTL_FIELD(labelSelector), PODCTL_FIELD(minDomains),
            PODCTL_FIELD(nodeAffinityPolicy).one_of(enums::kNodeInclusionPolicy),
            PODCTL_FIELD(nodeTaintsPolicy).one_of(enums::kNodeInclusionPolicy),
            PODCTL_FIELD(matchLabelKeys))

PODCTL_TYPE(ResourceClaim, PODCTL_FIELD(name).need(), PODCTL_FIELD(request))

PODCTL_TYPE(ResourceRequirements, PODCTL_FIELD(limits), PODCTL_FIELD(requests),
            PODCTL_FIELD(claims).keyed("name").gate("DynamicResourceAllocation"))

}  // namespace podctl::api
