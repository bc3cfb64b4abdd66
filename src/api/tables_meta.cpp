// The field tables of meta.hpp: the one description of these types that every function of this
// layer reads.
#include "api/enums.hpp"
#include "podctl/api/table_build.hpp"
#include "podctl/api/meta.hpp"

namespace podctl::api {

PODCTL_TYPE(OwnerReference, PODCTL_FIELD(apiVersion).need(), PODCTL_FIELD(kind).need(),
            PODCTL_FIELD(name).need(), PODCTL_FIELD(uid).need(), PODCTL_FIELD(controller),
            PODCTL_FIELD(blockOwnerDeletion))

PODCTL_TYPE(ManagedFieldsEntry, PODCTL_FIELD(manager),
            PODCTL_FIELD(operation).one_of(enums::kManagedFieldsOperationType),
            PODCTL_FIELD(apiVersion), PODCTL_FIELD(time), PODCTL_FIELD(fieldsType),
            PODCTL_FIELD(fieldsV1), PODCTL_FIELD(subresource))

PODCTL_TYPE(ObjectMeta, PODCTL_FIELD(name), PODCTL_FIELD(generateName),
            PODCTL_FIELD_NAMED(namespace_, "namespace"), PODCTL_FIELD(selfLink).old(),
            PODCTL_FIELD(uid), PODCTL_FIELD(resourceVersion),
            PODCTL_FIELD(generation).zero_absent(), PODCTL_FIELD(creationTimestamp),
            PODCTL_FIELD(deletionTimestamp), PODCTL_FIELD(deletionGracePeriodSeconds),
            PODCTL_FIELD(labels), PODCTL_FIELD(annotations),
            PODCTL_FIELD(ownerReferences).keyed("uid"), PODCTL_FIELD(finalizers),
            PODCTL_FIELD(managedFields))

PODCTL_TYPE(ShardInfo, PODCTL_FIELD(selector).need())

PODCTL_TYPE(ListMeta, PODCTL_FIELD(selfLink).old(), PODCTL_FIELD(resourceVersion),
            PODCTL_FIELD_NAMED(continue_, "continue"),
            PODCTL_FIELD(remainingItemCount).zero_absent(),
            PODCTL_FIELD(shardInfo).gate("ShardedListAndWatch"))

PODCTL_TYPE(StatusCause, PODCTL_FIELD(reason), PODCTL_FIELD(message), PODCTL_FIELD(field))

PODCTL_TYPE(StatusDetails, PODCTL_FIELD(name), PODCTL_FIELD(group), PODCTL_FIELD(kind),
            PODCTL_FIELD(uid), PODCTL_FIELD(causes), PODCTL_FIELD(retryAfterSeconds).zero_absent())

PODCTL_TYPE(Status, PODCTL_FIELD(kind), PODCTL_FIELD(apiVersion), PODCTL_FIELD(metadata),
            PODCTL_FIELD(status), PODCTL_FIELD(message), PODCTL_FIELD(reason),
            PODCTL_FIELD(details), PODCTL_FIELD(code).zero_absent())

PODCTL_TYPE(Preconditions, PODCTL_FIELD(uid), PODCTL_FIELD(resourceVersion))

PODCTL_TYPE(DeleteOptions, PODCTL_FIELD(kind), PODCTL_FIELD(apiVersion),
            PODCTL_FIELD(gracePeriodSeconds), PODCTL_FIELD(preconditions),
            PODCTL_FIELD(orphanDependents), PODCTL_FIELD(propagationPolicy), PODCTL_FIELD(dryRun))

PODCTL_TYPE(LabelSelectorRequirement, PODCTL_FIELD(key).need(),
            PODCTL_FIELD_NAMED(operator_, "operator").need().one_of(enums::kLabelSelectorOperator),
            PODCTL_FIELD(values))

PODCTL_TYPE(LabelSelector, PODCTL_FIELD(matchLabels), PODCTL_FIELD(matchExpressions))

PODCTL_TYPE(ObjectReference, PODCTL_FIELD(kind), PODCTL_FIELD_NAMED(namespace_, "namespace"),
            PODCTL_FIELD(name), PODCTL_FIELD(uid), PODCTL_FIELD(apiVersion),
            PODCTL_FIELD(resourceVersion), PODCTL_FIELD(fieldPath))

PODCTL_TYPE(LocalObjectReference, PODCTL_FIELD(name))

}  // namespace podctl::api
